package access

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/terrane/terrane/internal/remedy"
)

// JWTPrefix begins the Caller of grants by JWT: what follows stands for issuer and subject.
const JWTPrefix = "jwt "

// leeway is how far the clocks of the issuer and ours may be apart.
const leeway = 30 * time.Second

// mostSigned is how many JWTs are remembered as good, at least.
const mostSigned = 4096

// algorithms are all that there are here.
var algorithms = []string{"RS256", "ES256", "EdDSA"}

// issuer checks JWTs.
type issuer struct {
	keys   *followed[[]key]
	parser *jwt.Parser
	now    func() time.Time

	mu   sync.Mutex // guards all below
	by   *[]key     // the keys by which those were found good
	good *recent[[sha256.Size]byte, *Grant]
}

// newIssuer reads the keys.
func newIssuer(o Options, now func() time.Time) (*issuer, error) {
	options := []jwt.ParserOption{
		jwt.WithValidMethods(algorithms), jwt.WithLeeway(leeway), jwt.WithExpirationRequired(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(now),
	}
	if o.Issuer != "" {
		options = append(options, jwt.WithIssuer(o.Issuer))
	}
	if o.Audience != "" {
		options = append(options, jwt.WithAudience(o.Audience))
	}
	i := &issuer{keys: &followed[[]key]{path: o.Keys, parse: parseKeys, log: o.Log}, parser: jwt.NewParser(options...), now: now}
	if err := i.keys.read(); err != nil {
		return nil, err
	}
	if len(*i.keys.get()) == 0 {
		return nil, remedy.New(o.Keys, ErrKeys, "name a PEM file of public keys, or a JWKS")
	}
	return i, nil
}

// claims are what a JWT says. One that says nothing of datasets or scopes allows nothing.
type claims struct {
	jwt.RegisteredClaims
	Datasets names  `json:"datasets"`
	Scope    string `json:"scope"` // words
}

// names is an array of names, or "*" or one name by itself.
type names []string

func (n *names) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		*n = []string{""}
		return json.Unmarshal(text, &(*n)[0])
	}
	return json.Unmarshal(text, (*[]string)(n))
}

// check returns what a JWT allows.
func (i *issuer) check(token string) (*Grant, error) {
	keys, sum := i.keys.get(), sha256.Sum256([]byte(token))
	i.mu.Lock()
	if i.by != keys { // who lost a key lost what it had signed
		i.by, i.good = keys, newRecent[[sha256.Size]byte, *Grant](mostSigned)
	}
	g, ok := i.good.get(sum)
	i.mu.Unlock()
	if !ok {
		var err error
		if g, err = i.verify(token, *keys); err != nil {
			return nil, err
		}
		i.mu.Lock()
		if i.by == keys {
			i.good.put(sum, g)
		}
		i.mu.Unlock()
	}
	if err := g.at(i.now()); err != nil {
		return nil, err
	}
	return g, nil
}

// verify checks the signature of a JWT and what it claims.
func (i *issuer) verify(token string, keys []key) (*Grant, error) {
	var c claims
	t, err := i.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) { return keysFor(t, keys) })
	switch {
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet):
		return nil, ErrExpired // these are looked at only if the signature is good
	case err != nil:
		return nil, ErrUnknown // the cause would be the client's text
	}
	if _, critical := t.Header["crit"]; critical {
		return nil, ErrUnknown // RFC 7515, 4.1.11: who does not understand it must refuse
	}
	who := sha256.Sum256([]byte(c.Issuer + "\n" + c.Subject)) // short, however long those are
	g := newGrant(JWTPrefix+hex.EncodeToString(who[:8]), c.Datasets, strings.Fields(c.Scope))
	g.expires = c.ExpiresAt.Add(leeway)
	if c.NotBefore != nil {
		g.begins = c.NotBefore.Add(-leeway)
	}
	return &g, nil
}

// keysFor picks the keys that a JWT may be signed with: those of the algorithm that it names, and, if it names a key, that one or those without
// a name.
func keysFor(t *jwt.Token, keys []key) (any, error) {
	kid, _ := t.Header["kid"].(string)
	var set jwt.VerificationKeySet
	for _, k := range keys {
		if k.alg == t.Method.Alg() && (kid == "" || k.id == "" || k.id == kid) {
			set.Keys = append(set.Keys, k.public)
		}
	}
	if len(set.Keys) == 0 {
		return nil, ErrUnknown
	}
	return set, nil
}
