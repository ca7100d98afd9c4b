package parcel

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/terrane/terrane/tilegrid"
)

func put(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadPassesOverWhatIsNoManifestOfOurs(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		text string
		ok   bool
		err  error
	}{
		"ours":                {`{"format":"terrane export 1","form":"folder","name":"alps"}`, true, nil},
		"another program's":   {`{"format":"png","tiles":[]}`, false, nil},
		"no JSON":             {`tiles`, false, nil},
		"a list":              {`[1]`, false, nil},
		"of a later layout":   {`{"format":"terrane export 2"}`, false, nil},
		"ours, with nonsense": {`{"format":"terrane export 1","files":7}`, false, ErrTampered},
	} {
		t.Run(name, func(t *testing.T) {
			m, _, ok, err := Read(put(t, filepath.Join(dir, "m.json"), c.text))
			if ok != c.ok || !errors.Is(err, c.err) || ok && m.Name != "alps" {
				t.Errorf("%v %v %+v", ok, err, m)
			}
		})
	}
	if _, _, ok, err := Read(filepath.Join(dir, "none.json")); ok || err != nil {
		t.Errorf("an absent one: %v %v", ok, err)
	}
}

func TestAFileIsHeldAgainstItsManifest(t *testing.T) {
	dir := t.TempDir()
	sum := sha256.Sum256([]byte("tiles"))
	f := File{Path: "a", Bytes: 5, SHA256: hex.EncodeToString(sum[:])}
	path := put(t, filepath.Join(dir, "a"), "tiles")
	if err := f.Check(path); err != nil || !f.Holds([]byte("tiles")) {
		t.Error(err)
	}
	for _, text := range []string{"tilez", "tile", "tiles and more", ""} {
		if err := f.Check(put(t, path, text)); !errors.Is(err, ErrTampered) || f.Holds([]byte(text)) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, path := range []string{dir, filepath.Join(dir, "none")} {
		if err := f.Check(path); !errors.Is(err, ErrTampered) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestASignatureIsThatOfOneKeyAndText(t *testing.T) {
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.json")
	put(t, path+Signed, string(ed25519.Sign(key, []byte("text"))))
	if err := Verify(path, []byte("text"), public); err != nil {
		t.Error(err)
	}
	if err := Verify(path, []byte("other text"), public); !errors.Is(err, ErrSignature) {
		t.Errorf("another text: %v", err)
	}
	put(t, path+Signed, "short")
	if err := Verify(path, []byte("text"), public); !errors.Is(err, ErrSignature) {
		t.Errorf("no signature: %v", err)
	}
}

func TestAPlaceIsACoordinate(t *testing.T) {
	for _, c := range []tilegrid.Coord{{}, {Z: 22, X: 8388607, Y: 4194303}} {
		if got := PlaceOf(c).Coord(); got != c {
			t.Errorf("%v, want %v", got, c)
		}
	}
	if got := (Place{1 << 20, 0, 0}).Coord(); tilegrid.Geodetic.Valid(got) {
		t.Errorf("a level that there is none is %v", got)
	}
}
