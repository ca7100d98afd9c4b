package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terrane/terrane/internal/ion"
	"github.com/terrane/terrane/tilestore"
)

func TestIonFlagsBecomeChoices(t *testing.T) {
	f := ionFlags{world: "alps", imagery: "ortho", assets: []string{"1=alps", "2426648=sea"}, form: "normal"}
	got, err := f.choices()
	want := ion.Choices{World: "alps", WorldImagery: "ortho", Assets: map[int64]string{1: "alps", 2426648: "sea"}, Form: ion.Normal}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, line := range []string{
		"--ion-kind some", "--world A/B", "--world-imagery ..", "--ion-asset alps", "--ion-asset 0=alps", "--ion-asset -1=alps", "--ion-asset 1=",
		"--ion-asset 1=A", "--ion-asset 99999999999=alps",
	} {
		code, _, stderr := run(t, append([]string{"serve"}, strings.Fields(line)...)...)
		if flag, _, _ := strings.Cut(line, " "); code != exitUsage || !strings.Contains(stderr, flag) || !strings.Contains(stderr, "try: ") {
			t.Errorf("%s: exit %d, %s", line, code, stderr)
		}
	}
}

func TestServeSaysWhatStandsForTheWorld(t *testing.T) {
	alps, ortho := tilestore.Info{Name: "alps", Kind: tilestore.Terrain}, tilestore.Info{Name: "ortho", Kind: tilestore.Imagery}
	for _, c := range []struct {
		name       string
		all        []tilestore.Info
		choices    ion.Choices
		says, talk string
	}{
		{"nothing there", nil, ion.Choices{}, "asset 1: Ellipsoid; 2: Natural Earth II", ""},
		{"by the rule", []tilestore.Info{alps, ortho}, ion.Choices{}, "asset 1: alps (the widest; --world names another); 2: ortho (the widest; ", ""},
		{"by choice", []tilestore.Info{alps, ortho}, ion.Choices{World: "alps", WorldImagery: "ortho"}, "asset 1: alps; 2: ortho\n", ""},
		{"a choice that is not there", []tilestore.Info{alps}, ion.Choices{World: "none"}, "asset 1: alps (the widest",
			"--world: there is no terrain dataset none yet\n"},
		{"a number for nothing", nil, ion.Choices{Assets: map[int64]string{5: "x"}}, "asset 1: Ellipsoid", "--ion-asset 5: there is no dataset x yet\n"},
	} {
		var out, talk bytes.Buffer
		a := &app{stdout: &out, stderr: &talk}
		a.sayIon("http://h", c.all, c.choices)
		if !strings.Contains(out.String(), `Cesium.Ion.defaultServer = "http://h/"`) || !strings.Contains(out.String(), c.says) || talk.String() != c.talk {
			t.Errorf("%s: %s%s", c.name, out.String(), talk.String())
		}
	}
}
