package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/terrane/terrane/internal/remedy"
)

// FileName is what the file of tokens is called in a data folder.
const FileName = "tokens.json"

var (
	// ErrFile: the file of tokens is not what this program writes.
	ErrFile = errors.New("access: unusable file of tokens")
	// ErrNoToken: no token has this id.
	ErrNoToken = errors.New("access: no such token")
)

// Token is what the file says of one token. It is everything but the token.
type Token struct {
	ID       string    `json:"id"` // public
	Name     string    `json:"name,omitempty"`
	Datasets []string  `json:"datasets"` // names, or "*"
	Scopes   []string  `json:"scopes"`   // read, admin
	Rate     Rate      `json:"rate,omitzero"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires,omitzero"` // zero: never
}

// Expired tells whether the time of a token is over.
func (t Token) Expired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// stored is a token as the file has it.
type stored struct {
	Token
	SHA256 string `json:"sha256"` // of the token, hex
}

// file is the whole file.
type file struct {
	Tokens []stored `json:"tokens"`
}

// book is what the file says, by hash.
type book struct {
	grants map[[sha256.Size]byte]*entered
}

type entered struct {
	Grant
	sum [sha256.Size]byte
}

func parseFile(text []byte) (f file, err error) {
	if len(text) == 0 {
		return f, nil
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("%w: %w", ErrFile, err)
	}
	for _, t := range f.Tokens {
		if sum, err := hex.DecodeString(t.SHA256); err != nil || len(sum) != sha256.Size || t.ID == "" {
			return f, fmt.Errorf("%w: a token without id or SHA-256", ErrFile)
		}
	}
	return f, nil
}

func parseBook(text []byte) (book, error) {
	f, err := parseFile(text)
	b := book{grants: make(map[[sha256.Size]byte]*entered, len(f.Tokens))}
	for _, t := range f.Tokens {
		e := &entered{Grant: newGrant(t.ID, t.Datasets, t.Scopes)}
		e.Rate, e.expires = t.Rate, t.Expires
		hex.Decode(e.sum[:], []byte(t.SHA256)) // parseFile did so already
		b.grants[e.sum] = e
	}
	return b, err
}

// The form of a token: the prefix by which people and scanners know it, and 32 bytes in base 62.
const (
	prefix      = "trn_"
	secretBytes = 32
	secretChars = 43 // 62^43 > 2^256
)

// isOurs tells whether s has the form of a token of this program.
func isOurs(s string) bool {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok || len(rest) != secretChars {
		return false
	}
	for _, c := range []byte(rest) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

func newSecret() string {
	b := make([]byte, secretBytes)
	rand.Read(b) // it never fails
	digits := new(big.Int).SetBytes(b).Text(62)
	return prefix + strings.Repeat("0", secretChars-len(digits)) + digits
}

// Create makes a token with these facts, but for the id and the time of creation, which it sets, and writes it into the file at path. The
// secret is nowhere else. Who reads the file at that moment sees it before or after. Errors wrap [ErrFile] or are of the file system.
func Create(path string, t Token) (secret string, made Token, err error) {
	secret = newSecret()
	err = change(path, func(f *file) error {
		t.ID, t.Created = newID(f), time.Now().UTC().Truncate(time.Second)
		sum := sha256.Sum256([]byte(secret))
		f.Tokens = append(f.Tokens, stored{t, hex.EncodeToString(sum[:])})
		return nil
	})
	return secret, t, err
}

// newID returns an id that no token of f has.
func newID(f *file) string {
	for {
		b := make([]byte, 4)
		rand.Read(b)
		id := hex.EncodeToString(b)
		if !slices.ContainsFunc(f.Tokens, func(t stored) bool { return t.ID == id }) {
			return id
		}
	}
}

// List describes the tokens of a file, in the order in which they were made; none if there is no file. Errors wrap [ErrFile].
func List(path string) ([]Token, error) {
	f, err := load(path)
	all := make([]Token, len(f.Tokens))
	for i, t := range f.Tokens {
		all[i] = t.Token
	}
	return all, err
}

// Revoke takes a token out of the file. Errors wrap [ErrNoToken] or [ErrFile].
func Revoke(path, id string) (gone Token, err error) {
	err = change(path, func(f *file) error {
		n := slices.IndexFunc(f.Tokens, func(t stored) bool { return t.ID == id })
		if n < 0 {
			return ErrNoToken
		}
		gone = f.Tokens[n].Token
		f.Tokens = slices.Delete(f.Tokens, n, n+1)
		return nil
	})
	return gone, err
}

// load reads the file; there need not be one.
func load(path string) (file, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file{}, nil
	}
	if err != nil {
		return file{}, err
	}
	f, err := parseFile(text)
	if err != nil {
		return file{}, remedy.New(path, err, "restore it from a copy, or delete it: that revokes all tokens")
	}
	return f, nil
}

// change edits the file while nobody else does: its folder is locked meanwhile. It is written whole under another name, synced and renamed.
func change(path string, edit func(*file) error) error {
	if real, err := filepath.EvalSymlinks(path); err == nil { // a link stays one
		path = real
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close() // that ends the lock
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", dir.Name(), err)
	}
	f, err := load(path)
	if err != nil {
		return err
	}
	if err := edit(&f); err != nil {
		return err
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	if err := replace(path, append(text, '\n')); err != nil {
		return err
	}
	return dir.Sync()
}

// replace puts a file in the place of another.
func replace(path string, text []byte) error {
	t, err := os.CreateTemp(filepath.Dir(path), ".tokens.*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(t.Name())
	_, err = t.Write(text)
	if err = errors.Join(err, inherit(t, path), t.Sync(), t.Close()); err != nil {
		return err
	}
	return os.Rename(t.Name(), path)
}

// inherit gives a file the owner, group and mode of the one whose place it takes. Where there is none only the owner can read it, and root gives
// it to the owner of the folder: the server that is to read it may run as another user than who changes it. Who is neither root nor the owner
// is refused: the file would be lost to the server.
func inherit(t *os.File, path string) error {
	was, err := os.Stat(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	if fresh {
		was, err = os.Stat(filepath.Dir(path))
	}
	if err != nil {
		return err
	}
	of := was.Sys().(*syscall.Stat_t)
	root, mode := os.Geteuid() == 0, was.Mode().Perm()
	switch {
	case fresh && !root:
		return nil
	case fresh:
		mode = 0o600
	case !root && os.Geteuid() != int(of.Uid):
		return fmt.Errorf("it belongs to user %d: %w", of.Uid, fs.ErrPermission)
	}
	err = t.Chown(int(of.Uid), int(of.Gid))
	if !root && errors.Is(err, fs.ErrPermission) { // a group that the owner is not in
		mode, err = mode&^0o070, nil
	}
	return errors.Join(err, t.Chmod(mode))
}
