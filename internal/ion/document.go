package ion

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/terrane/terrane/tilestore"
)

// Form is one of the two forms of an endpoint.
type Form string

// The forms. Auto is External for CesiumJS and for clients that do not say who they are, Normal for all others.
const (
	Auto     Form = "auto"
	External Form = "external"
	Normal   Form = "normal"
)

// FormFor decides on the form for a client, by its header X-Cesium-Client: today's CesiumJS sends "CesiumJS", that of 2018 nothing, Unreal sends
// "Cesium For Unreal".
func FormFor(form Form, client string) Form {
	switch {
	case form == External || form == Normal:
		return form
	case client == "" || client == "CesiumJS":
		return External
	}
	return Normal
}

// Endpoint is the answer to /v1/assets/{id}/endpoint.
type Endpoint struct {
	Type         string        `json:"type"` // TERRAIN or IMAGERY
	ExternalType string        `json:"externalType,omitempty"`
	Options      *Options      `json:"options,omitempty"`
	URL          string        `json:"url"`
	AccessToken  string        `json:"accessToken"`
	Attributions []Attribution `json:"attributions"` // an array, never null
}

// Options of an endpoint in the external form.
type Options struct {
	URL string `json:"url"`
}

// Attribution is a credit as clients show it: HTML, on the screen if it is not collapsible.
type Attribution struct {
	HTML        string `json:"html"`
	Collapsible bool   `json:"collapsible"`
}

// NewEndpoint says that an asset is at address: the folder of its layer.json or tilemapresource.xml, absolute, with a slash at its end. form is
// External or Normal.
func NewEndpoint(a Asset, form Form, address, token string) Endpoint {
	e := Endpoint{Type: typeOf(a.Info.Kind), URL: address, AccessToken: token, Attributions: []Attribution{}}
	if form == External {
		e.ExternalType, e.Options = "TMS", &Options{URL: address}
		if a.Info.Kind == tilestore.Terrain {
			e.ExternalType = "STK_TERRAIN_SERVER"
		}
	}
	if a.Info.Attribution != "" {
		e.Attributions = append(e.Attributions, Attribution{HTML: tilestore.Credit(a.Info.Attribution)})
	}
	return e
}

func typeOf(k tilestore.Kind) string { return strings.ToUpper(string(k)) }

// Document describes an asset: an item of /v1/assets, and the answer to /v1/assets/{id}.
type Document struct {
	ID              int64  `json:"id"`
	Type            string `json:"type"`
	Name            string `json:"name"`
	Description     string `json:"description"`
	Attribution     string `json:"attribution"`
	Bytes           int64  `json:"bytes"`
	Status          string `json:"status"` // COMPLETE: what is not whole is not served
	PercentComplete int    `json:"percentComplete"`
}

// Describe returns the document of an asset.
func Describe(a Asset) Document {
	i := a.Info
	d := Document{
		ID: a.ID, Type: typeOf(i.Kind), Name: cmp.Or(i.Title, i.Name), Attribution: tilestore.Credit(i.Attribution), Bytes: i.SizeBytes,
		Status: "COMPLETE", PercentComplete: 100,
	}
	if !a.Base() {
		d.Description = fmt.Sprintf("Dataset %s, version %d, levels %d to %d.", i.Name, i.Version, i.Levels[0], i.Levels[1])
	}
	if a.World {
		d.Name = "World " + string(i.Kind) + ": " + d.Name
	}
	return d
}

// List is the answer to /v1/assets: one page of the assets that a request asked for.
type List struct {
	Items []Document `json:"items"`
}

// mostItems is how many assets a page has at most.
const mostItems = 1000

// List lists the assets that a query asks for: 1 and 2, which are the world's, those that the operator numbered, and each dataset under its own
// number, in the order of numbers. It knows type, status and search, each of which may be repeated, and page (from 1) and limit.
func (r *Register) List(query url.Values) List {
	l := List{Items: []Document{}}
	for id, a := range r.assets {
		if d := Describe(a); (!a.World || id == WorldTerrain || id == WorldImagery) && d.asked(query) {
			l.Items = append(l.Items, d)
		}
	}
	slices.SortFunc(l.Items, func(a, b Document) int { return cmp.Compare(a.ID, b.ID) })
	limit := positive(query.Get("limit"), mostItems)
	first := min((positive(query.Get("page"), 1)-1)*limit, len(l.Items))
	l.Items = l.Items[first:min(first+limit, len(l.Items))]
	return l
}

// asked tells whether the document is one that a query asks for.
func (d Document) asked(query url.Values) bool {
	for key, value := range map[string]string{"type": d.Type, "status": d.Status} {
		wanted := strings.Split(strings.Join(query[key], ","), ",")
		if query.Get(key) != "" && !slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(w, value) }) {
			return false
		}
	}
	text := strings.ToLower(strings.Join([]string{d.Name, d.Description, d.Attribution, strconv.FormatInt(d.ID, 10)}, "\n"))
	return strings.Contains(text, strings.ToLower(query.Get("search")))
}

// positive reads a number from 1 to mostItems, or returns fallback.
func positive(s string, fallback int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > mostItems {
		return fallback
	}
	return n
}

// Profile is the answer to /v1/me.
type Profile struct {
	ID            int64    `json:"id"`
	Username      string   `json:"username"`
	Email         string   `json:"email"`
	EmailVerified bool     `json:"emailVerified"`
	Avatar        string   `json:"avatar"`
	Scopes        []string `json:"scopes"` // what the server answers
	Storage       Storage  `json:"storage"`
}

// Storage counts bytes.
type Storage struct {
	Used      int64 `json:"used"`
	Available int64 `json:"available"`
	Total     int64 `json:"total"`
}

// Profile describes whom the server works for: nobody by name, who reads what there is.
func (r *Register) Profile(title string) Profile {
	p := Profile{ID: 1, Username: title, Scopes: []string{"assets:list", "assets:read", "geocode", "profile:read"}}
	for name, id := range r.own {
		if a := r.assets[id]; a.Info.Name == name {
			p.Storage.Used += a.Info.SizeBytes
		}
	}
	p.Storage.Total = p.Storage.Used
	return p
}

// Defaults is the answer to /v1/defaults: what Cesium for Unreal and Unity offer to add with one click.
type Defaults struct {
	DefaultAssets struct {
		Imagery int64 `json:"imagery"`
		Terrain int64 `json:"terrain"`
	} `json:"defaultAssets"`
	QuickAddAssets []QuickAdd `json:"quickAddAssets"`
}

// QuickAdd is one of them; Overlay is a picture that lies on it.
type QuickAdd struct {
	Name           string    `json:"name"`
	ObjectName     string    `json:"objectName"`
	Description    string    `json:"description"`
	AssetID        int64     `json:"assetId"`
	Type           string    `json:"type"`
	Subscribed     bool      `json:"subscribed"`
	RasterOverlays []Overlay `json:"rasterOverlays"`
}

// Overlay names imagery by its number.
type Overlay struct {
	Name       string `json:"name"`
	AssetID    int64  `json:"assetId"`
	Subscribed bool   `json:"subscribed"`
}

// Defaults offers the world's terrain with the world's imagery on it.
func (r *Register) Defaults() Defaults {
	terrain, imagery := Describe(r.assets[WorldTerrain]), Describe(r.assets[WorldImagery])
	d := Defaults{QuickAddAssets: []QuickAdd{{
		Name: terrain.Name, ObjectName: "World Terrain", Description: terrain.Description, AssetID: WorldTerrain, Type: terrain.Type, Subscribed: true,
		RasterOverlays: []Overlay{{Name: imagery.Name, AssetID: WorldImagery, Subscribed: true}},
	}}}
	d.DefaultAssets.Imagery, d.DefaultAssets.Terrain = WorldImagery, WorldTerrain
	return d
}

// Tokens is the answer to /v1/tokens and /v2/tokens: none are handed out this way.
type Tokens struct {
	Items []string `json:"items"`
}

// ApplicationData is the answer to /appData, of which cesium-native learns whether it needs a token: not in the mode "single-user".
type ApplicationData struct {
	ApplicationMode string `json:"applicationMode"`
	DataStoreType   string `json:"dataStoreType"`
	Attribution     string `json:"attribution"`
}

// Fault is the body of an error as ion words it.
type Fault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// NotFound is the fault of what there is not: the body of a 404.
func NotFound() Fault {
	return Fault{Code: "ResourceNotFound", Message: "The requested resource could not be found."}
}
