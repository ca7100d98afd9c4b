package access

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// newGate returns a gate over a new file of tokens, whose clock stands where set says.
func newGate(t testing.TB) (g *Gate, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), FileName)
	g, err := Open(Options{Tokens: path})
	if err != nil {
		t.Fatal(err)
	}
	return g, path
}

func create(t testing.TB, path string, facts Token) (secret string, made Token) {
	t.Helper()
	secret, made, err := Create(path, facts)
	if err != nil {
		t.Fatal(err)
	}
	return secret, made
}

func reload(t testing.TB, g *Gate) {
	t.Helper()
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
}

func TestATokenOpensWhatItIsFor(t *testing.T) {
	g, path := newGate(t)
	for _, c := range []struct {
		datasets, scopes []string
		covers, not      []string
		read, admin      bool
	}{
		{[]string{"alps"}, []string{"read"}, []string{"alps", "alps@2"}, []string{"photo", "alp", "alps2", "photo@1", "", "*"}, true, false},
		{[]string{"photo", "alps"}, []string{"admin"}, []string{"alps", "photo@1"}, []string{"sea"}, true, true},
		{[]string{"*"}, []string{"read"}, []string{"alps", "anything@9"}, nil, true, false},
		{[]string{"alps", "*"}, nil, []string{"anything"}, nil, false, false},
		{nil, []string{"read", "write"}, nil, []string{"alps"}, true, false},
	} {
		secret, made := create(t, path, Token{Datasets: c.datasets, Scopes: c.scopes})
		reload(t, g)
		grant, err := g.Check(secret)
		if err != nil || grant.Read != c.read || grant.Admin != c.admin || grant.Caller != made.ID {
			t.Fatalf("%v %v: %+v, %v", c.datasets, c.scopes, grant, err)
		}
		for _, ref := range c.covers {
			if !grant.Covers(ref) {
				t.Errorf("%v does not cover %s", c.datasets, ref)
			}
		}
		for _, ref := range c.not {
			if grant.Covers(ref) {
				t.Errorf("%v covers %q", c.datasets, ref)
			}
		}
	}
}

func TestWrongTokensAreToldApartFromAbsentAndExpiredOnes(t *testing.T) {
	g, path := newGate(t)
	at := time.Now()
	secret, _ := create(t, path, Token{Datasets: []string{"*"}, Scopes: []string{"read"}, Expires: at.Add(time.Hour)})
	reload(t, g)
	last := "0"
	if strings.HasSuffix(secret, last) {
		last = "1"
	}
	for name, c := range map[string]struct {
		token string
		after time.Duration
		want  error
	}{
		"none":                 {"", 0, ErrAbsent},
		"right":                {secret, 0, nil},
		"right to the last":    {secret, time.Hour - time.Second, nil},
		"expired":              {secret, time.Hour, ErrExpired},
		"one letter is wrong":  {secret[:len(secret)-1] + last, 0, ErrUnknown},
		"cut short":            {secret[:len(secret)-1], 0, ErrUnknown},
		"with more behind":     {secret + "x", 0, ErrUnknown},
		"without its prefix":   {strings.TrimPrefix(secret, prefix), 0, ErrUnknown},
		"other case":           {strings.ToUpper(secret), 0, ErrUnknown},
		"only the prefix":      {prefix, 0, ErrUnknown},
		"a JWT, of no issuer":  {"eyJhbGciOiJub25lIn0.e30.", 0, ErrUnknown},
		"longer than is read":  {strings.Repeat("x", mostToken+1), 0, ErrUnknown},
		"bytes that are no id": {"trn_" + strings.Repeat("\x00", secretChars), 0, ErrUnknown},
	} {
		g.now = func() time.Time { return at.Add(c.after) }
		if _, err := g.Check(c.token); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestTheFileHoldsNoToken(t *testing.T) {
	_, path := newGate(t)
	seen := map[string]bool{}
	for range 20 {
		secret, made := create(t, path, Token{Name: "viewer", Datasets: []string{"*"}, Scopes: []string{"read"}})
		text, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(text), secret[len(prefix):]) || !strings.Contains(string(text), made.ID) {
			t.Fatalf("%s in %s, %v", secret, text, err)
		}
		if !isOurs(secret) || seen[secret] || seen[made.ID] {
			t.Errorf("token %s, id %s", secret, made.ID)
		}
		seen[secret], seen[made.ID] = true, true
	}
	state, err := os.Stat(path)
	if err != nil || state.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", state.Mode(), err)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".tokens*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTokensMadeAtTheSameTimeAreAllKept(t *testing.T) {
	_, path := newGate(t)
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			if _, _, err := Create(path, Token{Datasets: []string{"*"}}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if all, err := List(path); err != nil || len(all) != 16 {
		t.Errorf("%d tokens, %v", len(all), err)
	}
}

func TestAServerNoticesWhatBecomesOfTokens(t *testing.T) {
	g, path := newGate(t)
	secret, made := create(t, path, Token{Datasets: []string{"*"}, Scopes: []string{"read"}})
	grow := func() { // instead of a second's sleep
		past := time.Now().Add(-lookEvery)
		g.tokens.looked.Store(&past)
	}
	if _, err := g.Check(secret); !errors.Is(err, ErrUnknown) {
		t.Errorf("within the second: %v", err)
	}
	if grow(); g.Tokens() != 1 {
		t.Errorf("%d tokens", g.Tokens())
	}
	if _, err := g.Check(secret); err != nil {
		t.Errorf("created: %v", err)
	}
	good, _ := os.ReadFile(path)
	if err := os.WriteFile(path, []byte(`{"tokens": [`), 0o600); err != nil {
		t.Fatal(err)
	}
	grow()
	if _, err := g.Check(secret); !errors.Is(err, ErrUnknown) {
		t.Errorf("a broken file opens nothing: %v", err)
	}
	if _, _, err := Create(path, Token{}); !errors.Is(err, ErrFile) {
		t.Errorf("a broken file is written over: %v", err)
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Revoke(path, "00000000x"); !errors.Is(err, ErrNoToken) {
		t.Errorf("no such id: %v", err)
	}
	if gone, err := Revoke(path, made.ID); err != nil || gone.ID != made.ID {
		t.Fatalf("%+v, %v", gone, err)
	}
	grow()
	if _, err := g.Check(secret); !errors.Is(err, ErrUnknown) {
		t.Errorf("revoked: %v", err)
	}
	other, _ := create(t, path, Token{})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	grow()
	if _, err := g.Check(other); !errors.Is(err, ErrUnknown) {
		t.Errorf("without a file: %v", err)
	}
}

func TestAFileThatCannotBeReadOpensNothingUntilItCan(t *testing.T) {
	var said bytes.Buffer
	path := filepath.Join(t.TempDir(), FileName)
	secret, _ := create(t, path, Token{Datasets: []string{"*"}})
	g, err := Open(Options{Tokens: path, Log: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	away := path + ".away"
	for _, c := range []struct {
		step func() error
		want error
	}{
		{func() error { return nil }, nil},
		{func() error { return errors.Join(os.Rename(path, away), os.Mkdir(path, 0o700)) }, ErrUnknown},
		{func() error { return nil }, ErrUnknown},
		{func() error { return errors.Join(os.Remove(path), os.Rename(away, path)) }, nil},
	} {
		past := time.Now().Add(-lookEvery)
		g.tokens.looked.Store(&past)
		if err := c.step(); err != nil {
			t.Fatal(err)
		}
		if _, err := g.Check(secret); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
	if log := said.String(); strings.Count(log, "level=ERROR") != 1 || strings.Contains(log, secret) {
		t.Errorf("the log, which is to tell of it once:\n%s", log)
	}
}

func TestAFileKeepsItsOwnerWhoeverChangesIt(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const server, group, other = 65534, 65533, 65532
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	is := func(when string, uid, gid int, mode os.FileMode) {
		t.Helper()
		state, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if of := state.Sys().(*syscall.Stat_t); int(of.Uid) != uid || int(of.Gid) != gid || state.Mode().Perm() != mode {
			t.Errorf("%s: owner %d, group %d, mode %v", when, of.Uid, of.Gid, state.Mode())
		}
	}
	if err := os.Chown(dir, server, server); err != nil {
		t.Fatal(err)
	}
	_, made := create(t, path, Token{})
	is("a new file is the folder's owner's", server, server, 0o600)
	if err := errors.Join(os.Chown(path, server, group), os.Chmod(path, 0o640)); err != nil {
		t.Fatal(err)
	}
	if _, err := Revoke(path, made.ID); err != nil {
		t.Fatal(err)
	}
	is("root revoked", server, group, 0o640)
	if err := errors.Join(os.Chmod(dir, 0o777), os.Chmod(path, 0o644), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setresuid(-1, other, -1); err != nil {
		t.Fatal(err)
	}
	_, _, err := Create(path, Token{})
	if back := syscall.Setresuid(-1, 0, -1); back != nil {
		t.Fatal(back)
	}
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "belongs to user 65534") {
		t.Errorf("another user: %v", err)
	}
	is("another user tried", server, group, 0o644)
	if err := syscall.Setresuid(-1, server, -1); err != nil {
		t.Fatal(err)
	}
	_, _, err = Create(path, Token{})
	if back := syscall.Setresuid(-1, 0, -1); back != nil {
		t.Fatal(back)
	}
	if err != nil {
		t.Errorf("its owner, who is not in its group: %v", err)
	}
	is("its owner wrote it", server, os.Getegid(), 0o604)
}

func TestALinkToAFileIsFollowed(t *testing.T) {
	_, path := newGate(t)
	_, made := create(t, path, Token{})
	link := filepath.Join(t.TempDir(), FileName)
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := Revoke(link, made.ID); err != nil {
		t.Fatal(err)
	}
	if all, err := List(path); err != nil || len(all) > 0 {
		t.Errorf("the file has %d tokens, %v", len(all), err)
	}
}

func TestFilesThatAreNotOursAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	for _, text := range []string{"[]x", "null,", `{"tokens":[{"id":"a","sha256":"00"}]}`, `{"tokens":[{"sha256":"` + strings.Repeat("0", 64) + `"}]}`,
		`{"tokens":[{"id":"a","sha256":"` + strings.Repeat("z", 64) + `"}]}`,
		`{"tokens":[{"id":"a","rate":"1/y","sha256":"` + strings.Repeat("0", 64) + `"}]}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Options{Tokens: path}); !errors.Is(err, ErrFile) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestGatesAreSafeForMany(t *testing.T) {
	g, path := newGate(t)
	secret, _ := create(t, path, Token{Datasets: []string{"*"}})
	reload(t, g)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 100 {
				past := time.Now().Add(-lookEvery)
				g.tokens.looked.Store(&past)
				if _, err := g.Check(secret); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

func BenchmarkCheck(b *testing.B) {
	g, path := newGate(b)
	var secret string
	for range 100 {
		secret, _ = create(b, path, Token{Datasets: []string{"alps", "photo"}, Scopes: []string{"read"}})
	}
	reload(b, g)
	b.ReportAllocs()
	for b.Loop() {
		grant, err := g.Check(secret)
		if err != nil || !grant.Covers("alps@2") {
			b.Fatal(err)
		}
	}
}
