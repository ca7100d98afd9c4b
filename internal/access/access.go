// Package access decides who may read which datasets, and who may change them.
//
// Who asks shows a token. There are two kinds. A token of this program is "trn_" and 43 letters and digits, 32 random bytes; its facts lie in
// a file beside the datasets: a public id, a name, the datasets, the scopes, when it expires, how often it may ask. Of the token itself the
// file holds only the SHA-256. That suffices: slow hashes such as bcrypt protect what people make up and others can guess, and nobody guesses
// 256 random bits; here they would cost each request a tenth of a second. The other kind is a JWT (RFC 7519) that the operator's own issuer
// signed; the public keys come from a file, and nothing is ever fetched. The kind of a key fixes the algorithm: RSA is RS256, P-256 is ES256,
// Ed25519 is EdDSA. There is no other, so neither "none" nor a public key taken for a secret can pass.
//
// A token comes as "Authorization: Bearer T", as access_token=T or token=T in the query, or, as the clients of 2018 send it, appended to Accept:
// "*/*;access_token=T". The first of these that is there decides; see [FromRequest].
//
// [Gate.Check] turns a token into a [Grant], in about a microsecond: signatures that were found good are remembered, for as long as the keys
// stay the same. Both files are looked at once a second at most and read again when they changed, so a token that was made or revoked counts
// within a second. A file that cannot be read, or not be understood, opens nothing.
//
// No token is ever part of an error. Errors: [ErrAbsent], [ErrUnknown], [ErrExpired] of a check; [ErrFile], [ErrKeys], [ErrNoToken] of the files.
package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"
)

var (
	// ErrAbsent: no token was shown.
	ErrAbsent = errors.New("access: no token")
	// ErrUnknown: the token was never made, was revoked, or is not signed by a key of ours for us.
	ErrUnknown = errors.New("access: unknown token")
	// ErrExpired: the token was good, but its time is over or has not come.
	ErrExpired = errors.New("access: expired token")
)

// Every stands for all datasets, those to come included.
const Every = "*"

// Scopes of a token. Who may administrate may read too.
const (
	ScopeRead  = "read"
	ScopeAdmin = "admin"
)

// Grant is what the bearer of a token may do. It is shared and never changed.
type Grant struct {
	// Caller tells bearers apart for limits of rate: the id of a token, or [JWTPrefix] and what stands for the subject of a JWT. It is no secret.
	Caller string
	// Datasets are the names, sorted, or [Every] alone.
	Datasets []string
	// Read and Admin are the scopes.
	Read, Admin bool
	// Rate is the token's own; the zero Rate is none.
	Rate Rate

	begins, expires time.Time // zero: always, never
}

// newGrant sorts the datasets, and reads the scopes; those of others mean nothing here.
func newGrant(caller string, datasets, scopes []string) Grant {
	g := Grant{Caller: caller, Datasets: slices.Clone(datasets)}
	slices.Sort(g.Datasets)
	g.Datasets = slices.Compact(g.Datasets)
	if slices.Contains(g.Datasets, Every) {
		g.Datasets = []string{Every}
	}
	g.Admin = slices.Contains(scopes, ScopeAdmin)
	g.Read = g.Admin || slices.Contains(scopes, ScopeRead)
	return g
}

// All tells whether the grant is for every dataset.
func (g *Grant) All() bool { return len(g.Datasets) == 1 && g.Datasets[0] == Every }

// Covers tells whether the grant is for a dataset, "alps", or for a version of it, "alps@2".
func (g *Grant) Covers(ref string) bool {
	if g.All() {
		return true
	}
	name, _, _ := strings.Cut(ref, "@")
	_, ok := slices.BinarySearch(g.Datasets, name)
	return ok
}

// at is the error of a grant at a moment.
func (g *Grant) at(now time.Time) error {
	if now.Before(g.begins) || !g.expires.IsZero() && !now.Before(g.expires) {
		return ErrExpired
	}
	return nil
}

// Options name the files of a gate.
type Options struct {
	Tokens string // the file of tokens; it need not exist yet
	Keys   string // public keys of JWTs, as PEM or as a JWKS; "" for none
	// Issuer and Audience are what a JWT must say, if they are given.
	Issuer, Audience string
	// Log is told when a file cannot be read any more; nil for silence. What it said is then taken no more.
	Log *slog.Logger
}

// Gate knows the tokens. It is safe for concurrent use.
type Gate struct {
	tokens *followed[book]
	issuer *issuer // nil: no JWTs
	now    func() time.Time
}

// Open reads the files. A file of tokens that does not exist holds none. Errors wrap [ErrFile] or [ErrKeys].
func Open(o Options) (*Gate, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gate{tokens: &followed[book]{path: o.Tokens, parse: parseBook, log: o.Log}, now: time.Now}
	if err := g.tokens.read(); err != nil {
		return nil, err
	}
	if o.Keys == "" {
		return g, nil
	}
	var err error
	g.issuer, err = newIssuer(o, func() time.Time { return g.now() })
	return g, err
}

// Tokens is how many there are, expired ones included; JWTs are nobody's to count.
func (g *Gate) Tokens() int { return len(g.tokens.get().grants) }

// Reload reads the files now, changed or not. What one said that cannot be read is taken no more.
func (g *Gate) Reload() error {
	err := g.tokens.read()
	if g.issuer != nil {
		err = errors.Join(err, g.issuer.keys.read())
	}
	return err
}

// mostToken is the longest token that is looked at; a header may be longer.
const mostToken = 8 << 10

// Check returns what the bearer of a token may do. Errors are [ErrAbsent], [ErrUnknown] and [ErrExpired].
func (g *Gate) Check(token string) (*Grant, error) {
	switch {
	case token == "":
		return nil, ErrAbsent
	case len(token) > mostToken:
		return nil, ErrUnknown
	case isOurs(token):
		return g.ours(token)
	case g.issuer != nil:
		return g.issuer.check(token)
	}
	return nil, ErrUnknown
}

// ours checks a token of this program. The table is one of hashes: how long a look into it takes tells of the hash of a guess, from which
// there is no way to a better guess. The comparison that decides takes as long for any two hashes.
func (g *Gate) ours(token string) (*Grant, error) {
	var text [len(prefix) + secretChars]byte // on the stack: a token of ours is no longer
	copy(text[:], token)
	sum := sha256.Sum256(text[:])
	found, ok := g.tokens.get().grants[sum]
	if !ok || subtle.ConstantTimeCompare(found.sum[:], sum[:]) != 1 {
		return nil, ErrUnknown
	}
	if err := found.at(g.now()); err != nil {
		return nil, err
	}
	return &found.Grant, nil
}
