package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/tilegrid"
	"github.com/terrane/terrane/tilestore"
)

// keys writes an ed25519 pair, and a private key of another kind, as openssl does.
func keys(t *testing.T, dir string) (private, public, wrong string) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pair, errA := x509.MarshalPKCS8PrivateKey(key)
	half, errB := x509.MarshalPKIXPublicKey(pub)
	curve, errC := x509.MarshalPKCS8PrivateKey(other)
	if err := errors.Join(errA, errB, errC); err != nil {
		t.Fatal(err)
	}
	block := func(name, kind string, der []byte) string {
		return write(t, filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return block("key.pem", "PRIVATE KEY", pair), block("pub.pem", "PUBLIC KEY", half), block("ec.pem", "PRIVATE KEY", curve)
}

// manifests are those of the versions of a dataset, the newest first.
func manifests(t *testing.T, data, name string) (all []string) {
	t.Helper()
	code, stdout, stderr := run(t, "versions", name, "--json", "--data", data)
	var list []server.Summary
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || code != exitDone {
		t.Fatalf("exit %d, %v\n%s", code, err, stderr)
	}
	for _, s := range list {
		all = append(all, s.Manifest)
	}
	return all
}

// succeeds runs the program and expects it to.
func succeeds(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := run(t, args...)
	if code != exitDone {
		t.Fatalf("%v: exit %d\n%s", args, code, stderr)
	}
	return stdout
}

func TestAnExportCrossesAnAirGapInEachForm(t *testing.T) {
	t.Chdir(t.TempDir())
	data := terrainVersions(t, 2)
	private, public, _ := keys(t, ".")
	for v := range 2 {
		m := image.NewNRGBA(image.Rect(0, 0, 256, 256))
		m.Pix[3] = uint8(v + 1)
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		publishVersion(t, data, "ortho", map[tilegrid.Coord][]byte{{}: b.Bytes()}, tilestore.Info{Kind: tilestore.Imagery, Format: tilestore.PNG, Grid: tilegrid.Mercator})
	}
	for _, name := range []string{"alps", "ortho"} {
		want := manifests(t, data, name)
		for _, target := range []string{name + ".mbtiles", name + "-tree"} {
			var said exported
			line := succeeds(t, "export", name, target, "--data", data, "--sign", private, "--json", "-q")
			if err := json.Unmarshal([]byte(line), &said); err != nil || said.Manifest != want[0] || !said.Signed || said.Bytes == 0 {
				t.Errorf("export %s: %v\n%s", target, err, line)
			}
			beyond := t.TempDir()
			succeeds(t, "import", target, "--data", beyond, "--verify-key", public)
			if got := manifests(t, beyond, name); len(got) != 1 || got[0] != want[0] {
				t.Errorf("%s: %v, want %s", target, got, want[0])
			}
		}
		beyond := t.TempDir()
		succeeds(t, "export", name+"@1", "old.mbtiles", "--data", data, "--force")
		succeeds(t, "import", "old.mbtiles", "--data", beyond)
		succeeds(t, "export", name, name+".delta", "--since", "1", "--data", data, "--sign", private)
		succeeds(t, "import", name+".delta", "--data", beyond, "--verify-key", public)
		if got := manifests(t, beyond, name); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("delta: %v, want %v", got, want)
		}
	}
}

func TestWrongExportsAndImportsAreRefusedOneByOne(t *testing.T) {
	t.Chdir(t.TempDir())
	data := terrainVersions(t, 2)
	t.Setenv("TERRANE_DATA", data)
	private, public, wrong := keys(t, ".")
	succeeds(t, "export", "alps", "alps.mbtiles", "--sign", private)
	succeeds(t, "export", "alps", "bare.mbtiles")
	succeeds(t, "export", "alps", "alps.delta", "--since", "1")
	write(t, "notes.zip", []byte("PK\x03\x04 no zip"))
	if err := os.Mkdir("mine", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, "mine/notes.txt", nil)
	cut, err := os.ReadFile("alps.mbtiles")
	if err != nil {
		t.Fatal(err)
	}
	write(t, "cut.mbtiles", cut[:len(cut)/2])
	for _, suffix := range []string{".json", ".json.sig"} {
		text, err := os.ReadFile("alps.mbtiles" + suffix)
		if err != nil {
			t.Fatal(err)
		}
		write(t, "cut.mbtiles"+suffix, text)
	}
	other := t.TempDir()
	publishVersion(t, other, "alps", rootTiles(t, 77), tilestore.Info{Kind: tilestore.Terrain, Format: tilestore.QuantizedMesh})
	before := listing(t, data) + listing(t, other)
	for _, c := range []struct {
		line string
		want int
		says string
	}{
		{"export none none.mbtiles", exitFailed, "no such dataset"},
		{"export alps@9 none.mbtiles", exitFailed, "alps has no version 9"},
		{"export alps none.delta --since 9", exitFailed, "alps has no version 9"},
		{"export alps alps.mbtiles", exitStore, "it is there already"},
		{"export alps mine", exitStore, "a folder of other things"},
		{"export alps mine --force", exitStore, "a folder of other things"},
		{"export alps " + filepath.Join(data, "x.mbtiles"), exitUsage, "in the data folder"},
		{"export alps " + filepath.Join(data, "tree"), exitUsage, "in the data folder"},
		{"export alps " + data, exitUsage, "in the data folder"},
		{"export alps none/x.mbtiles", exitFailed, "no such folder"},
		{"export alps x.mbtiles --since 1", exitUsage, "no MBTiles file"},
		{"export alps x.delta", exitUsage, "a delta takes --since VERSION"},
		{"export alps x.delta --since 2", exitUsage, "nothing has changed since version 2"},
		{"export alps tree --url maps", exitUsage, "--url"},
		{"export alps x.mbtiles --sign ec.pem", exitInput, "another kind"},
		{"export alps x.mbtiles --sign " + public, exitInput, "a public key"},
		{"export alps x.mbtiles --sign none.pem", exitInput, "no such file"},
		{"export alps x.mbtiles --sign mine/notes.txt", exitInput, "no PEM file"},
		{"import alps.mbtiles --verify-key " + private, exitInput, "a public key is due"},
		{"import alps.mbtiles --verify-key " + wrong, exitInput, "a public key is due"},
		{"import bare.mbtiles --verify-key " + public, exitVerify, "signature is missing"},
		{"import cut.mbtiles", exitVerify, "its manifest says"},
		{"import cut.mbtiles --verify-key " + public, exitVerify, "its manifest says"},
		{"import alps.delta --data " + other, exitInput, "version 1 has other tiles"},
		{"import alps.delta --name ural", exitInput, "there is no ural here"},
		{"import notes.zip", exitVerify, "not a valid zip file"},
		{"import alps.mbtiles --rows north", exitUsage, "--rows is for tiles by others"},
	} {
		code, _, stderr := run(t, strings.Fields(c.line)...)
		if code != c.want || !strings.Contains(stderr, c.says) || strings.Count(stderr, "terrane: ") != 1 || !strings.Contains(stderr, "\ntry: ") {
			t.Errorf("%s: exit %d, want %d %q\n%s", c.line, code, c.want, c.says, stderr)
		}
	}
	if after := listing(t, data) + listing(t, other); after != before {
		t.Errorf("something is left:\n%s\nbefore:\n%s", after, before)
	}
}

func TestAnImportOfWhatIsThereDoesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	data := terrainVersions(t, 2)
	succeeds(t, "export", "alps@1", "one.mbtiles", "--data", data)
	succeeds(t, "export", "alps", "alps-2.delta", "--since", "1", "--data", data)
	succeeds(t, "export", "alps", "tree", "--data", data)
	beyond := t.TempDir()
	for k, target := range []string{"one.mbtiles", "alps-2.delta"} {
		for range 2 {
			succeeds(t, "import", target, "--data", beyond)
		}
		if got := manifests(t, beyond, "alps"); len(got) != k+1 {
			t.Errorf("%s twice: %d versions", target, len(got))
		}
	}
	code, stdout, stderr := run(t, "import", "tree", "--data", beyond)
	if code != exitDone || !strings.HasPrefix(stdout, "alps@2  ") || !strings.Contains(stderr, "nothing to do: alps version 2 is this already") {
		t.Errorf("as a folder: exit %d\n%s%s", code, stdout, stderr)
	}
	succeeds(t, "import", "tree", "--data", beyond, "--force")
	if got := manifests(t, beyond, "alps"); len(got) != 3 {
		t.Errorf("with --force: %d versions", len(got))
	}
}

func TestWhatCameWithoutHeightsSaysSo(t *testing.T) {
	t.Chdir(t.TempDir())
	succeeds(t, "import", tileFolder(t, false), "--name", "alps")
	code, stdout, stderr := run(t, "height", "alps", "1", "2")
	if code != exitInput || stdout != "" || !strings.Contains(stderr, "dataset without heights") || !strings.Contains(stderr, "\ntry: ") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if _, stdout, _ := run(t, "info", "alps"); !strings.Contains(stdout, "heights are not kept beside the tiles") {
		t.Errorf("info:\n%s", stdout)
	}
}
