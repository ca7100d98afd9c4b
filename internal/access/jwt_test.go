package access

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// signer is a key of the operator's issuer.
type signer struct {
	method jwt.SigningMethod
	key    crypto.Signer
}

func newSigners(t testing.TB) (rs, es, ed signer) {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, d, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{jwt.SigningMethodRS256, r}, signer{jwt.SigningMethodES256, e}, signer{jwt.SigningMethodEdDSA, d}
}

func (s signer) pem(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(s.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// sign makes a JWT of claims, with headers beside the usual ones.
func (s signer) sign(t testing.TB, claims jwt.MapClaims, headers map[string]any) string {
	t.Helper()
	j := jwt.NewWithClaims(s.method, claims)
	for name, v := range headers {
		j.Header[name] = v
	}
	text, err := j.SignedString(s.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// issuerGate is a gate with these keys.
func issuerGate(t testing.TB, keys []byte, o Options) *Gate {
	t.Helper()
	dir := t.TempDir()
	o.Tokens, o.Keys = filepath.Join(dir, FileName), filepath.Join(dir, "keys.pem")
	if err := os.WriteFile(o.Keys, keys, 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// with returns the claims of a good JWT, changed by pairs of name and value; nil deletes.
func with(pairs ...any) jwt.MapClaims {
	c := jwt.MapClaims{"iss": "https://id.example", "sub": "ann", "aud": "terrane", "datasets": []string{"alps"}, "scope": "openid read",
		"exp": time.Now().Add(time.Hour).Unix(), "nbf": time.Now().Add(-time.Hour).Unix()}
	for i := 0; i < len(pairs); i += 2 {
		c[pairs[i].(string)] = pairs[i+1]
		if pairs[i+1] == nil {
			delete(c, pairs[i].(string))
		}
	}
	return c
}

func TestJWTsOfTheIssuerAreTaken(t *testing.T) {
	rs, es, ed := newSigners(t)
	g := issuerGate(t, slices.Concat(rs.pem(t), es.pem(t), ed.pem(t)), Options{Issuer: "https://id.example", Audience: "terrane"})
	now := time.Now()
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"RS256":                       {rs.sign(t, with(), nil), nil},
		"ES256":                       {es.sign(t, with(), nil), nil},
		"EdDSA":                       {ed.sign(t, with(), nil), nil},
		"one of several audiences":    {ed.sign(t, with("aud", []string{"other", "terrane"}), nil), nil},
		"no nbf":                      {ed.sign(t, with("nbf", nil), nil), nil},
		"just expired":                {ed.sign(t, with("exp", now.Add(-10*time.Second).Unix()), nil), nil},
		"a clock that is ahead":       {ed.sign(t, with("nbf", now.Add(10*time.Second).Unix()), nil), nil},
		"expired":                     {ed.sign(t, with("exp", now.Add(-2*leeway).Unix()), nil), ErrExpired},
		"not yet":                     {ed.sign(t, with("nbf", now.Add(2*leeway).Unix()), nil), ErrExpired},
		"without exp":                 {ed.sign(t, with("exp", nil), nil), ErrUnknown},
		"another issuer":              {ed.sign(t, with("iss", "https://evil.example"), nil), ErrUnknown},
		"no issuer":                   {ed.sign(t, with("iss", nil), nil), ErrUnknown},
		"another audience":            {ed.sign(t, with("aud", "other"), nil), ErrUnknown},
		"no audience":                 {ed.sign(t, with("aud", nil), nil), ErrUnknown},
		"a header that must be known": {ed.sign(t, with(), map[string]any{"crit": []string{"b64"}, "b64": false}), ErrUnknown},
		"claims of other types":       {ed.sign(t, with("datasets", 7), nil), ErrUnknown},
	} {
		grant, err := g.Check(c.token)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && (!grant.Read || grant.Admin || !grant.Covers("alps@3") || grant.Covers("photo") || !strings.HasPrefix(grant.Caller, JWTPrefix)) {
			t.Errorf("%s: %+v", name, grant)
		}
	}
}

func TestJWTsOfNobodyAreRefused(t *testing.T) {
	rs, es, ed := newSigners(t)
	strange, _, other := newSigners(t)
	keys := slices.Concat(rs.pem(t), es.pem(t))
	g := issuerGate(t, keys, Options{})
	hmac := func(secret []byte, method jwt.SigningMethod) string {
		text, err := jwt.NewWithClaims(method, with()).SignedString(secret)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, with()).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	der, _ := x509.MarshalPKIXPublicKey(rs.key.Public())
	good := rs.sign(t, with(), nil)
	for name, token := range map[string]string{
		"none":                            none,
		"HS256 with the public key":       hmac(rs.pem(t), jwt.SigningMethodHS256),
		"HS256 with the key's bytes":      hmac(der, jwt.SigningMethodHS256),
		"HS512":                           hmac([]byte("secret"), jwt.SigningMethodHS512),
		"RS512 of our key":                signer{jwt.SigningMethodRS512, rs.key}.sign(t, with(), nil),
		"PS256 of our key":                signer{jwt.SigningMethodPS256, rs.key}.sign(t, with(), nil),
		"RS256 of a stranger":             strange.sign(t, with(), nil),
		"EdDSA, of which there is no key": ed.sign(t, with(), nil),
		"EdDSA of a stranger":             other.sign(t, with(), nil),
		"without signature":               good[:len(good)-342],
		"another signature":               good[:len(good)-4] + "AAAA",
		"four parts":                      good + ".e30",
		"no JWT":                          "abc",
		"dots":                            "..",
	} {
		if _, err := g.Check(token); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAJWTAllowsNothingThatItDoesNotSay(t *testing.T) {
	_, _, ed := newSigners(t)
	g := issuerGate(t, ed.pem(t), Options{})
	for name, c := range map[string]struct {
		claims      jwt.MapClaims
		alps, photo bool
		read, admin bool
	}{
		"all":                {with("datasets", "*", "scope", "read"), true, true, true, false},
		"all, as an array":   {with("datasets", []string{"*"}, "scope", "admin"), true, true, true, true},
		"one, as a text":     {with("datasets", "alps"), true, false, true, false},
		"no datasets":        {with("datasets", nil), false, false, true, false},
		"an empty array":     {with("datasets", []string{}), false, false, true, false},
		"null":               {with("datasets", json.RawMessage("null")), false, false, true, false},
		"no scope":           {with("scope", nil), true, false, false, false},
		"scopes of others":   {with("scope", "openid reading administrator"), true, false, false, false},
		"both scopes":        {with("scope", "read admin"), true, false, true, true},
		"a name as a prefix": {with("datasets", []string{"alp", "alpsx"}), false, false, true, false},
	} {
		grant, err := g.Check(ed.sign(t, c.claims, nil))
		if err != nil || grant.Covers("alps") != c.alps || grant.Covers("photo") != c.photo || grant.Read != c.read || grant.Admin != c.admin {
			t.Errorf("%s: %+v, %v", name, grant, err)
		}
	}
}

func TestARememberedJWTExpiresAndGoesWithItsKey(t *testing.T) {
	_, es, ed := newSigners(t)
	g := issuerGate(t, ed.pem(t), Options{})
	start := time.Now()
	token := ed.sign(t, with("exp", start.Add(time.Minute).Unix()), nil)
	for after, want := range map[time.Duration]error{0: nil, 80 * time.Second: nil, 100 * time.Second: ErrExpired, -2 * time.Hour: ErrExpired} {
		g.now = func() time.Time { return start.Add(after) }
		if _, err := g.Check(token); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("after %v: %v, want %v", after, err, want)
		}
	}
	g.now = time.Now
	if err := os.WriteFile(g.issuer.keys.path, es.pem(t), 0o600); err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-lookEvery)
	g.issuer.keys.looked.Store(&past)
	if _, err := g.Check(token); !errors.Is(err, ErrUnknown) {
		t.Errorf("its key is gone: %v", err)
	}
	if _, err := g.Check(es.sign(t, with(), nil)); err != nil {
		t.Errorf("the new key: %v", err)
	}
}

// jwks writes public keys as an issuer publishes them.
func jwks(t testing.TB, members ...map[string]any) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": members})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (s signer) jwk(t testing.TB, kid string) map[string]any {
	t.Helper()
	switch p := s.key.Public().(type) {
	case *rsa.PublicKey:
		return map[string]any{"kty": "RSA", "kid": kid, "n": b64(p.N.Bytes()), "e": b64(big.NewInt(int64(p.E)).Bytes()), "use": "sig", "alg": "RS256"}
	case *ecdsa.PublicKey:
		point, err := p.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return map[string]any{"kty": "EC", "kid": kid, "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
	case ed25519.PublicKey:
		return map[string]any{"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": b64(p)}
	}
	t.Fatal("no such key")
	return nil
}

func TestKeysOfAJWKSAreFoundByTheirName(t *testing.T) {
	rs, es, ed := newSigners(t)
	_, old, _ := newSigners(t)
	encryption := rs.jwk(t, "e")
	encryption["use"] = "enc"
	g := issuerGate(t, jwks(t, rs.jwk(t, "r"), es.jwk(t, "new"), old.jwk(t, "old"), ed.jwk(t, ""), encryption,
		map[string]any{"kty": "EC", "crv": "P-384", "kid": "other"}), Options{})
	for name, c := range map[string]struct {
		signer signer
		kid    any
		want   error
	}{
		"its name": {es, "new", nil}, "the older one": {old, "old", nil}, "another's name": {es, "old", ErrUnknown}, "no name": {old, nil, nil},
		"a name that is no text": {old, 7, nil}, "nobody's name": {rs, "x", ErrUnknown}, "a key without name": {ed, "x", nil}, "RSA": {rs, "r", nil},
		"a key for encryption": {rs, "e", ErrUnknown},
	} {
		headers := map[string]any{"kid": c.kid}
		if c.kid == nil {
			headers = nil
		}
		if _, err := g.Check(c.signer.sign(t, with(), headers)); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestFilesOfKeysThatCannotBeUsed(t *testing.T) {
	_, es, ed := newSigners(t)
	short, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // it is to be refused
	if err != nil {
		t.Skip("this Go makes no short keys")
	}
	private, err := x509.MarshalPKCS8PrivateKey(ed.key)
	if err != nil {
		t.Fatal(err)
	}
	secret := es.jwk(t, "a")
	secret["d"] = "AAAA"
	wrong := es.jwk(t, "a")
	wrong["x"] = b64(make([]byte, 32))
	for name, text := range map[string][]byte{
		"empty":             nil,
		"no PEM":            []byte("hello"),
		"broken JSON":       []byte("{"),
		"no keys":           jwks(t),
		"a short RSA key":   signer{nil, short}.pem(t),
		"a private key":     pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		"broken bytes":      pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte{1}}),
		"a shared key":      jwks(t, map[string]any{"kty": "oct", "k": "AAAA"}),
		"a private JWK":     jwks(t, secret),
		"beside the curve":  jwks(t, wrong),
		"a short Ed25519":   jwks(t, map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}),
		"only other curves": jwks(t, map[string]any{"kty": "EC", "crv": "P-521"}),
	} {
		path := filepath.Join(t.TempDir(), "keys")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Options{Tokens: filepath.Join(t.TempDir(), FileName), Keys: path}); !errors.Is(err, ErrKeys) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(Options{Tokens: filepath.Join(t.TempDir(), FileName), Keys: filepath.Join(t.TempDir(), "none")}); !errors.Is(err, ErrKeys) {
		t.Errorf("no file: %v", err)
	}
}

func BenchmarkCheckJWT(b *testing.B) {
	rs, _, _ := newSigners(b)
	g := issuerGate(b, rs.pem(b), Options{})
	token := rs.sign(b, with(), nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Check(token); err != nil {
			b.Fatal(err)
		}
	}
}
