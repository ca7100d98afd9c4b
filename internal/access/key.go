package access

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// ErrKeys: the file of public keys cannot be used.
var ErrKeys = errors.New("access: unusable file of public keys")

// key is a public key and the one algorithm that it is taken with.
type key struct {
	id     string // kid of a JWKS, "" of PEM
	alg    string
	public crypto.PublicKey
}

// mostKeys bounds the work that a token without kid can make.
const mostKeys = 16

// parseKeys reads PEM blocks of public keys or certificates, or a JWKS (RFC 7517). Keys of a JWKS that are for something else are passed over.
// Private and shared keys are refused: they have no business here. No bytes are no keys.
func parseKeys(text []byte) (keys []key, err error) {
	switch text = bytes.TrimSpace(text); {
	case len(text) == 0:
		return nil, nil
	case text[0] == '{':
		keys, err = parseJWKS(text)
	default:
		keys, err = parsePEM(text)
	}
	if err == nil && (len(keys) == 0 || len(keys) > mostKeys) {
		err = fmt.Errorf("it holds %d keys that can be used, where 1 to %d are due", len(keys), mostKeys)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeys, err)
	}
	return keys, nil
}

func parsePEM(text []byte) (keys []key, err error) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return keys, nil
		}
		var public any
		switch {
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return nil, errors.New("it holds a private key: write the public one into a file of its own")
		case block.Type == "PUBLIC KEY":
			public, err = x509.ParsePKIXPublicKey(block.Bytes)
		case block.Type == "RSA PUBLIC KEY":
			public, err = x509.ParsePKCS1PublicKey(block.Bytes)
		case block.Type == "CERTIFICATE":
			var c *x509.Certificate
			if c, err = x509.ParseCertificate(block.Bytes); err == nil {
				public = c.PublicKey
			}
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		k, err := newKey("", public)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
}

// newKey finds the algorithm of a key.
func newKey(id string, public any) (key, error) {
	switch p := public.(type) {
	case *rsa.PublicKey:
		if p.N.BitLen() < 2048 || p.E < 3 || p.E%2 == 0 {
			return key{}, errors.New("an RSA key has at least 2048 bits")
		}
		return key{id, "RS256", p}, nil
	case *ecdsa.PublicKey:
		if p.Curve == elliptic.P256() {
			return key{id, "ES256", p}, nil
		}
	case ed25519.PublicKey:
		if len(p) == ed25519.PublicKeySize {
			return key{id, "EdDSA", p}, nil
		}
	}
	return key{}, errors.New("keys are RSA, P-256 or Ed25519")
}

// jwk is a member of a JWKS.
type jwk struct {
	Kty string `json:"kty"`
	Kid string `json:"kid"`
	Use string `json:"use"`
	Alg string `json:"alg"`
	Crv string `json:"crv"`
	N   octets `json:"n"`
	E   octets `json:"e"`
	X   octets `json:"x"`
	Y   octets `json:"y"`
	D   string `json:"d"`
}

// octets are bytes in base64url without padding.
type octets []byte

func (o *octets) UnmarshalText(text []byte) (err error) {
	*o, err = base64.RawURLEncoding.DecodeString(string(text))
	return err
}

func parseJWKS(text []byte) (keys []key, err error) {
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	for _, j := range set.Keys {
		if j.D != "" || j.Kty == "oct" {
			return nil, errors.New("it holds a private or a shared key: only public ones belong here")
		}
		public, err := j.public()
		if err != nil {
			return nil, err
		}
		if public == nil || j.Use != "" && j.Use != "sig" {
			continue
		}
		k, err := newKey(j.Kid, public)
		if err != nil {
			return nil, err
		}
		if j.Alg == "" || j.Alg == k.alg {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// public returns the key, nil for kinds that are not used here.
func (j jwk) public() (crypto.PublicKey, error) {
	const side = 32 // bytes of a coordinate of P-256
	switch {
	case j.Kty == "RSA":
		e := new(big.Int).SetBytes(j.E)
		if !e.IsInt64() || e.Int64() > 1<<31-1 {
			return nil, errors.New("the exponent of an RSA key is too large")
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(j.N), E: int(e.Int64())}, nil
	case j.Kty == "EC" && j.Crv == "P-256" && len(j.X) == side && len(j.Y) == side:
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, j.X...), j.Y...))
	case j.Kty == "OKP" && j.Crv == "Ed25519":
		return ed25519.PublicKey(j.X), nil
	}
	return nil, nil
}
