package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/terrane/terrane/internal/access"
)

func TestATokenIsPrintedOnceAndListedWithoutIt(t *testing.T) {
	data := t.TempDir()
	line := strings.Fields("token create --name viewer --dataset alps,ortho --expires 30d --rate 100/s --data " + data)
	code, secret, stderr := run(t, line...)
	secret = strings.TrimSpace(secret)
	told := strings.Contains(stderr, secret) || !strings.Contains(stderr, "for alps, ortho")
	if code != exitDone || len(secret) != 47 || !strings.HasPrefix(secret, "trn_") || told {
		t.Fatalf("exit %d, %q\n%s", code, secret, stderr)
	}
	list := succeeds(t, "token", "list", "--data", data)
	if strings.Contains(list, secret) || !strings.Contains(list, "viewer") || !strings.Contains(list, "alps,ortho") || !strings.Contains(list, "100/s") {
		t.Errorf("list:\n%s", list)
	}
	var all []access.Token
	if err := json.Unmarshal([]byte(succeeds(t, "token", "list", "--json", "--data", data)), &all); err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	if days := time.Until(all[0].Expires).Hours() / 24; days < 29.9 || days > 30 || all[0].Scopes[0] != access.ScopeRead {
		t.Errorf("%+v", all[0])
	}
	var made createdToken
	err := json.Unmarshal([]byte(succeeds(t, "token", "create", "--json", "--scope", "admin", "--data", data)), &made)
	if err != nil || made.Secret == "" || made.ID == "" {
		t.Fatalf("%+v, %v", made, err)
	}
	succeeds(t, "token", "revoke", made.ID, "--data", data)
	code, _, stderr = run(t, "token", "revoke", made.ID, "--data", data)
	if code != exitFailed || !strings.Contains(stderr, "no such token\ntry: terrane token list") {
		t.Errorf("revoked twice: exit %d\n%s", code, stderr)
	}
	if list := succeeds(t, "token", "list", "--data", data); strings.Contains(list, made.ID) || strings.Count(list, "\n") != 2 {
		t.Errorf("list:\n%s", list)
	}
}

func TestTheCommandInTheConfigurationOfThePackageMakesAToken(t *testing.T) {
	const there = "/etc/terrane/terrane.yaml"
	text, err := os.ReadFile(filepath.Join("..", "..", "packaging", "terrane.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(text), "sudo -u terrane terrane ")
	line, _, _ = strings.Cut(line, "\n")
	data := t.TempDir()
	own := write(t, filepath.Join(t.TempDir(), "terrane.yaml"), bytes.ReplaceAll(text, []byte("/var/lib/terrane"), []byte(data)))
	succeeds(t, strings.Fields(strings.ReplaceAll(line, there, own))...)
	if all, err := access.List(filepath.Join(data, access.FileName)); err != nil || len(all) != 1 {
		t.Errorf("%q made %d tokens where the service looks, %v", line, len(all), err)
	}
}

func TestFlagsOfTokensAreChecked(t *testing.T) {
	data := t.TempDir()
	broken := write(t, filepath.Join(t.TempDir(), "tokens.json"), []byte("{"))
	text := write(t, filepath.Join(t.TempDir(), "key.pem"), []byte("no key"))
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"token create --dataset ../x", exitUsage, "bad dataset name"},
		{"token create --dataset alps@2", exitUsage, "bad dataset name"},
		{"token create --scope write", exitUsage, "--scope \"write\""},
		{"token create --rate fast", exitUsage, "100/s"},
		{"token create --expires soon", exitUsage, "--expires"},
		{"token create --expires 2020-01-01", exitUsage, "to come"},
		{"token create --expires 0d", exitUsage, "--expires"},
		{"token create --expires 999999y", exitUsage, "--expires"},
		{"token create --name " + strings.Repeat("x", 101), exitUsage, "--name"},
		{"token create alps", exitUsage, "token create --help"},
		{"token revoke", exitUsage, "token revoke --help"},
		{"token create --auth-file " + filepath.Join(data, "none", "tokens.json"), exitFailed, "no such folder"},
		{"token list --auth-file " + broken, exitStore, "unusable file of tokens"},
		{"token create --auth-file " + broken, exitStore, "unusable file of tokens"},
		{"serve --auth --auth-file " + broken, exitUsage, "unusable file of tokens"},
		{"serve --auth --jwt-key " + text, exitUsage, "unusable file of public keys"},
		{"serve --auth --jwt-key none.pem", exitUsage, "none.pem"},
		{"serve --jwt-key " + text, exitUsage, "add --auth"},
		{"serve --auth-file " + broken, exitUsage, "add --auth"},
		{"serve --auth --jwt-issuer x", exitUsage, "--jwt-key"},
		{"serve --rate 1", exitUsage, "100/s"},
		{"serve --auth --max-upload -1", exitUsage, "--max-upload"},
	} {
		if code, _, stderr := run(t, append(strings.Fields(c.args), "--data", data)...); code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d, want %d\n%s", c.args, code, c.code, stderr)
		}
	}
	if left, _ := os.ReadDir(data); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// asking sends requests to a server with a token.
type asking struct {
	t    *testing.T
	base string
}

func (a asking) do(method, path, token string, body []byte) (status int, answer string) {
	a.t.Helper()
	r, err := http.NewRequest(method, a.base+path, bytes.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return got.StatusCode, string(text)
}

// becomes waits for a status, as long as a server may take to notice a change.
func (a asking) becomes(want int, path, token string) {
	a.t.Helper()
	status := 0
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if status, _ = a.do("GET", path, token, nil); status == want {
			return
		}
	}
	a.t.Errorf("%s is %d, want %d", path, status, want)
}

func TestAServerThatRunsNoticesTokens(t *testing.T) {
	data := publish(t, "alps")
	keys := t.TempDir()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	keyFile := write(t, filepath.Join(keys, "jwks.json"), jwksOf(public))
	_, base := serve(t, buildProgram(t), "--data", data, "--auth", "--jwt-key", keyFile, "--jwt-issuer", "https://id.example")
	a, path := asking{t, base}, "/terrain/alps/layer.json"
	if status, _ := a.do("GET", path, "", nil); status != 401 {
		t.Errorf("without a token: %d", status)
	}
	var made createdToken
	if err := json.Unmarshal([]byte(succeeds(t, "token", "create", "--json", "--dataset", "alps", "--data", data)), &made); err != nil {
		t.Fatal(err)
	}
	a.becomes(200, path, made.Secret)
	if status, _ := a.do("GET", "/terrain/none/layer.json", made.Secret, nil); status != 403 {
		t.Errorf("another dataset, which is not there: %d", status)
	}
	succeeds(t, "token", "revoke", made.ID, "--data", data)
	a.becomes(401, path, made.Secret)

	signed := func(issuer string, datasets any) string {
		text, err := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"iss": issuer, "exp": time.Now().Add(time.Hour).Unix(),
			"datasets": datasets, "scope": "read"}).SignedString(private)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for want, token := range map[int]string{
		200: signed("https://id.example", "*"), 401: signed("https://evil.example", "*"), 403: signed("https://id.example", []string{"x"}),
	} {
		if status, body := a.do("GET", path, token, nil); status != want {
			t.Errorf("a JWT: %d, want %d: %s", status, want, body)
		}
	}
	other, _, _ := ed25519.GenerateKey(nil)
	write(t, keyFile, jwksOf(other))
	a.becomes(401, path, signed("https://id.example", "*"))
}

func jwksOf(public ed25519.PublicKey) []byte {
	x := base64.RawURLEncoding.EncodeToString(public)
	text, _ := json.Marshal(map[string]any{"keys": []any{map[string]string{"kty": "OKP", "crv": "Ed25519", "x": x}}})
	return text
}

func TestDatasetsArePublishedUsedAndRemovedOverHTTP(t *testing.T) {
	from, data := terrainVersions(t, 2), t.TempDir()
	older, file := bytesOf(t, filepath.Join(from, "alps@1.mbtiles")), bytesOf(t, filepath.Join(from, "alps@2.mbtiles"))
	admin := strings.TrimSpace(succeeds(t, "token", "create", "--scope", "admin", "--dataset", "peaks", "--data", data))
	_, base := serve(t, buildProgram(t), "--data", data, "--auth", "--max-upload", "8")
	a := asking{t, base}
	for n, upload := range [][]byte{older, file, file} { // what is there already is not made again
		want := `"version":` + versionText(min(n+1, 2))
		if status, body := a.do("PUT", "/admin/datasets/peaks", admin, upload); status != 201 || !strings.Contains(body, want) {
			t.Fatalf("upload %d: %d %s", n+1, status, body)
		}
		if status, body := a.do("GET", "/datasets/peaks", admin, nil); status != 200 || !strings.Contains(body, want) {
			t.Errorf("what was published is there at once: %d %.200s", status, body)
		}
	}
	if mine, theirs := manifests(t, data, "peaks"), manifests(t, from, "alps"); !slices.Equal(mine, theirs) {
		t.Errorf("manifests %v, want %v", mine, theirs)
	}
	for name, body := range map[string][]byte{
		"nothing": nil, "no SQLite": []byte("hello, this is no database"), "cut short": file[:len(file)/2],
		"a zip":              []byte("PK\x03\x04 and so on, long enough"),
		"a changed byte":     bytes.Replace(bytes.Clone(older), []byte("\x1f\x8b\x08"), []byte("\x1f\x8b\x09"), 1),
		"a view without end": bytesOf(t, filepath.Join("testdata", "invalid-endless.mbtiles")),
		"no meshes":          bytesOf(t, filepath.Join(publish(t, "fake"), "fake@1.mbtiles")),
	} {
		status, answer := a.do("PUT", "/admin/datasets/peaks", admin, body)
		if status != 422 || !strings.Contains(answer, "nothing was published") || strings.Contains(answer, data) {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	if status, body := a.do("PUT", "/admin/datasets/peaks", admin, make([]byte, 8<<20+1)); status != 413 {
		t.Errorf("too large: %d %s", status, body)
	}
	for _, c := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"PUT", "/admin/datasets/alps", 403, "other datasets"},
		{"POST", "/admin/datasets/peaks/use?version=1", 200, `"version":1`},
		{"GET", "/datasets/peaks", 200, `"version":1`},
		{"POST", "/admin/datasets/peaks/use", 200, `"version":2`},
		{"POST", "/admin/datasets/peaks/use?version=7", 404, "no such dataset"},
		{"DELETE", "/admin/datasets/peaks@2", 200, `"versions":[2]`},
		{"GET", "/datasets/peaks", 200, `"version":1`},
		{"DELETE", "/admin/datasets/peaks@2", 404, "no such dataset"},
		{"POST", "/admin/reload", 200, `"datasets":1`},
		{"DELETE", "/admin/datasets/peaks", 200, `"versions":[1]`},
		{"GET", "/terrain/peaks/layer.json", 404, "no such dataset"},
	} {
		if status, body := a.do(c.method, c.path, admin, nil); status != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s %s: %d %s", c.method, c.path, status, body)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(data, "*")); len(left) != 1 || filepath.Base(left[0]) != access.FileName {
		t.Errorf("left in the folder: %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(data, ".*")); len(left) > 0 {
		t.Errorf("left hidden in the folder: %v", left)
	}
}

func bytesOf(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
