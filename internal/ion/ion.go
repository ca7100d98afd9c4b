// Package ion knows what an application means that was written for Cesium ion: which number stands for which dataset, and the JSON documents in which
// the answers come. It is pure: no HTTP, no files. internal/server asks it, "terrane serve" prints what it chose.
//
// # Numbers
//
// An application asks for assets by number. A dataset's own number is made of its name alone ([ID]), so it is the same on every machine and for every
// version: 1 000 000 000 plus the first eight bytes of the name's SHA-256, big-endian, modulo 1 000 000 000. That is beyond ion's own numbers and
// within 32 bits. Of two names with the same number, which a thousand datasets have once in two thousand times, the one that comes first in the order
// of bytes keeps it; the other is hashed again with a zero byte and "1", "2", ... behind it until its number is free ([Assign]).
//
// Some numbers are in the programs of clients (CesiumJS 1.48 to 1.145: createWorldTerrain, createWorldImagery, createWorldBathymetryAsync and
// createDefaultImageryProviderViewModels.js). [WorldTerrain] and [Bathymetry] are the world's terrain, the rest of them the world's imagery:
//
//   - the dataset that [Choices] name, if there is one of that name and kind;
//   - else the one that covers the largest part of the globe, of equal ones that whose name comes first;
//   - else a base that the server brings along, an [Asset] without dataset: the ellipsoid, and Natural Earth II.
//
// 3D tiles (96188, 2275207) and all else that is not here is unknown.
//
// # Endpoints
//
// ion's endpoint of an asset says where it is, in one of two forms. CesiumJS reads externalType first: with STK_TERRAIN_SERVER and TMS it
// takes the URL from options and asks there without headers of its own, so no tile costs a preflight (IonResource.js, IonImageryProvider.js;
// 1.48 alike). Without externalType it takes url, and sends accessToken along with each request. cesium-native (Unreal, Unity, Omniverse,
// Godot) reads only the second form of terrain: STK_TERRAIN_SERVER is a type that it has no reader for (CesiumIonTilesetLoader.cpp); of
// imagery it reads url and accessToken whatever externalType says, if that is none of BING, GOOGLE_2D_MAPS and AZURE_2D
// (IonRasterOverlay.cpp). So the external form has url and accessToken too, and [FormFor] gives the normal one to clients that say by
// X-Cesium-Client that they are not CesiumJS. TMS is the one kind of imagery that can say in which grid its tiles are.
//
// attributions is always an array: without it CesiumJS throws, and no globe is drawn.
package ion

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/tilestore"
)

// Numbers that clients know.
const (
	WorldTerrain int64 = 1
	WorldImagery int64 = 2
	Bathymetry   int64 = 2426648
)

// worldImages are the numbers of imagery of the whole world: Bing's three styles, and what CesiumJS's base-layer picker offers of Sentinel-2, Blue
// Marble, Earth at Night, Google and Azure.
var worldImages = []int64{WorldImagery, 3, 4, 3954, 3845, 3812, 3830182, 3830183, 3830184, 3830185, 3830186, 3891168, 3891169}

// firstID and idRange bound the numbers that are made of names.
const (
	firstID = 1_000_000_000
	idRange = 1_000_000_000
)

// ID returns the number of a dataset, unless another one has it: see [Assign].
func ID(name string) int64 { return number(name) }

func number(text string) int64 {
	sum := sha256.Sum256([]byte(text))
	return firstID + int64(binary.BigEndian.Uint64(sum[:8])%idRange)
}

// Assign gives each of the names a number of its own. The order of the names does not matter.
func Assign(names []string) map[string]int64 {
	sorted := slices.Compact(slices.Sorted(slices.Values(names)))
	return assign(sorted, number)
}

func assign(sorted []string, number func(string) int64) map[string]int64 {
	ids, taken := make(map[string]int64, len(sorted)), make(map[int64]bool, len(sorted))
	for _, name := range sorted {
		id := number(name)
		for n := 1; taken[id]; n++ {
			id = number(name + "\x00" + strconv.Itoa(n))
		}
		ids[name], taken[id] = id, true
	}
	return ids
}

// Choices are what the operator decides. Names that no dataset has, or one of another kind, do not count.
type Choices struct {
	World        string           // terrain that stands for the world's
	WorldImagery string           // imagery that stands for the world's
	Assets       map[int64]string // datasets under more numbers, or under numbers that clients know
	Form         Form             // of endpoints; "" is Auto
}

// Register knows which number stands for which dataset. It does not change, and is safe for concurrent use.
type Register struct {
	own    map[string]int64
	assets map[int64]Asset
	worlds map[tilestore.Kind]Asset
}

// Asset is a dataset under a number. Without a name it is the base of its kind, which the server brings along.
type Asset struct {
	ID    int64
	Info  tilestore.Info
	World bool // the number means the world's
}

// Base tells whether the asset is no dataset but what the server brings along.
func (a Asset) Base() bool { return a.Info.Name == "" }

// New makes a register of datasets, one version of each.
func New(datasets []tilestore.Info, c Choices) *Register {
	r := &Register{assets: map[int64]Asset{}, worlds: map[tilestore.Kind]Asset{}}
	named := make(map[string]tilestore.Info, len(datasets))
	for _, i := range datasets {
		named[i.Name] = i
	}
	r.own = Assign(slices.Collect(maps.Keys(named)))
	for name, id := range r.own {
		r.assets[id] = Asset{ID: id, Info: named[name]}
	}
	terrain := world(named, tilestore.Terrain, c.World, "Ellipsoid")
	imagery := world(named, tilestore.Imagery, c.WorldImagery, "Natural Earth II")
	r.worlds[tilestore.Terrain], r.worlds[tilestore.Imagery] = Asset{WorldTerrain, terrain, true}, Asset{WorldImagery, imagery, true}
	for _, id := range []int64{WorldTerrain, Bathymetry} {
		r.assets[id] = Asset{id, terrain, true}
	}
	for _, id := range worldImages {
		r.assets[id] = Asset{id, imagery, true}
	}
	for id, name := range c.Assets {
		if i, ok := named[name]; ok {
			r.assets[id] = Asset{ID: id, Info: i}
		}
	}
	return r
}

// world picks the dataset that stands for the world's, or the base.
func world(named map[string]tilestore.Info, kind tilestore.Kind, chosen, base string) tilestore.Info {
	if i, ok := named[chosen]; ok && i.Kind == kind {
		return i
	}
	var all []tilestore.Info
	for _, i := range named {
		if i.Kind == kind {
			all = append(all, i)
		}
	}
	if len(all) == 0 {
		return tilestore.Info{Kind: kind, Title: base, Bound: orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}}
	}
	return slices.MinFunc(all, func(a, b tilestore.Info) int {
		return cmp.Or(cmp.Compare(share(b.Bound), share(a.Bound)), strings.Compare(a.Name, b.Name))
	})
}

// share is how much of the globe lies in a box, up to a factor.
func share(b orb.Bound) float64 {
	sin := func(lat float64) float64 { return math.Sin(lat * math.Pi / 180) }
	return min(b.Max.Lon()-b.Min.Lon(), 360) * (sin(b.Max.Lat()) - sin(b.Min.Lat()))
}

// Find returns the asset of a number.
func (r *Register) Find(id int64) (Asset, bool) {
	a, ok := r.assets[id]
	return a, ok
}

// ID returns a dataset's own number, or 0 if it has none.
func (r *Register) ID(name string) int64 { return r.own[name] }

// World returns the asset that stands for the world's terrain or imagery.
func (r *Register) World(kind tilestore.Kind) Asset { return r.worlds[kind] }

// Named returns the name of a dataset that differs from name in the case of letters at most, which names in old applications do; ok is false if there
// is none.
func (r *Register) Named(name string) (string, bool) {
	name = strings.ToLower(name) // names of datasets have no capitals
	_, ok := r.own[name]
	return name, ok
}
