package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/terrane/terrane/internal/ion"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

// ionFlags say what applications written for Cesium ion or for the retired terrain service get.
type ionFlags struct {
	world   string
	imagery string
	assets  []string
	form    string
}

func (f *ionFlags) register(c *cobra.Command) {
	s := c.Flags()
	s.StringVar(&f.world, "world", "", "terrain for who asks for the world's: ion's asset 1, /stk-terrain/world (default the widest)")
	s.StringVar(&f.imagery, "world-imagery", "", "imagery for who asks ion for the world's: assets 2, 3, 4 and the picker's (default the widest)")
	s.StringSliceVar(&f.assets, "ion-asset", nil, "ID=NAME: serve a dataset as this asset of ion as well; may be repeated")
	s.StringVar(&f.form, "ion-kind", string(ion.Auto), "kind of ion's endpoints: external, normal, or auto: what the client knows")
}

// choices turns the flags into what the server takes.
func (f *ionFlags) choices() (ion.Choices, error) {
	c := ion.Choices{World: f.world, WorldImagery: f.imagery, Assets: map[int64]string{}, Form: ion.Form(f.form)}
	if c.Form != ion.Auto && c.Form != ion.External && c.Form != ion.Normal {
		return c, remedy.New("--ion-kind", fmt.Errorf("%q is no kind", f.form), "auto, external or normal")
	}
	for flag, name := range map[string]string{"--world": f.world, "--world-imagery": f.imagery} {
		if name != "" && tilestore.CheckName(name) != nil {
			return c, remedy.New(flag, fmt.Errorf("%q is no dataset's name", name), "a name that terrane list shows")
		}
	}
	for _, pair := range f.assets {
		number, name, _ := strings.Cut(pair, "=")
		id, err := strconv.ParseUint(number, 10, 32)
		if err != nil || id == 0 || tilestore.CheckName(name) != nil {
			return c, remedy.New("--ion-asset", fmt.Errorf("%q is not ID=NAME", pair), "--ion-asset 2426648=sea")
		}
		c.Assets[int64(id)] = name
	}
	return c, nil
}

// sayIon prints what an application written for ion gets, and which choices no dataset answers to yet.
func (a *app) sayIon(base string, all []tilestore.Info, c ion.Choices) {
	if !a.json && !a.quiet {
		fmt.Fprintf(a.stdout, "ion        %-40s  %s\n", "Cesium.Ion.defaultServer = \""+base+"/\"", worldText(c, all))
	}
	kinds := map[string]tilestore.Kind{}
	for _, i := range all {
		kinds[i.Name] = i.Kind
	}
	if c.World != "" && kinds[c.World] != tilestore.Terrain {
		a.say("--world: there is no terrain dataset %s yet", c.World)
	}
	if c.WorldImagery != "" && kinds[c.WorldImagery] != tilestore.Imagery {
		a.say("--world-imagery: there is no imagery dataset %s yet", c.WorldImagery)
	}
	for id, name := range c.Assets {
		if kinds[name] == "" {
			a.say("--ion-asset %d: there is no dataset %s yet", id, name)
		}
	}
}

// worldText says what the world's terrain and imagery are, and by which rule.
func worldText(c ion.Choices, all []tilestore.Info) string {
	r := ion.New(all, c)
	name := func(k tilestore.Kind, chosen, flag string) string {
		switch i := r.World(k).Info; i.Name {
		case "":
			return i.Title
		case chosen:
			return i.Name
		default:
			return i.Name + " (the widest; " + flag + " names another)"
		}
	}
	return fmt.Sprintf("asset 1: %s; 2: %s", name(tilestore.Terrain, c.World, "--world"), name(tilestore.Imagery, c.WorldImagery, "--world-imagery"))
}

// numberAssets sees to it that no two datasets have one number, as the server does: see internal/ion.
func numberAssets(list []listed) {
	var names []string
	for _, l := range list {
		names = append(names, l.Name)
	}
	for i, ids := 0, ion.Assign(names); i < len(list); i++ {
		list[i].IonAsset = ids[list[i].Name]
	}
}
