package parcel

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/terrane/terrane/internal/remedy"
)

// mostKey is how long a file with a key may be.
const mostKey = 1 << 16

// ReadPrivateKey reads the key to sign with.
func ReadPrivateKey(path string) (ed25519.PrivateKey, error) {
	const try = "openssl genpkey -algorithm ed25519 -out KEYFILE makes one"
	block, err := readBlock(path, try)
	if err != nil {
		return nil, err
	}
	switch block.Type {
	case "PRIVATE KEY":
	case "PUBLIC KEY":
		return nil, remedy.New(path, fmt.Errorf("%w: a public key, to verify with", ErrKey), "name the private key of the pair")
	case "ENCRYPTED PRIVATE KEY":
		return nil, remedy.New(path, fmt.Errorf("%w: it is encrypted", ErrKey), "openssl pkey -in "+path+" -out KEYFILE writes it in the clear")
	default:
		return nil, remedy.New(path, fmt.Errorf("%w: a %q where an ed25519 private key is due", ErrKey, block.Type), try)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, remedy.New(path, fmt.Errorf("%w: %v", ErrKey, err), try)
	}
	if k, ok := key.(ed25519.PrivateKey); ok {
		return k, nil
	}
	return nil, remedy.New(path, fmt.Errorf("%w: it is of another kind (%T) than ed25519", ErrKey, key), try)
}

// ReadPublicKey reads the key to verify with.
func ReadPublicKey(path string) (ed25519.PublicKey, error) {
	const try = "openssl pkey -in KEYFILE -pubout -out PUBFILE writes the public key of an ed25519 pair"
	block, err := readBlock(path, try)
	if err != nil {
		return nil, err
	}
	if block.Type != "PUBLIC KEY" {
		return nil, remedy.New(path, fmt.Errorf("%w: a %q where a public key is due", ErrKey, block.Type), try)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, remedy.New(path, fmt.Errorf("%w: %v", ErrKey, err), try)
	}
	if k, ok := key.(ed25519.PublicKey); ok {
		return k, nil
	}
	return nil, remedy.New(path, fmt.Errorf("%w: it is of another kind (%T) than ed25519", ErrKey, key), try)
}

func readBlock(path, try string) (*pem.Block, error) {
	stat, err := os.Stat(path)
	if err == nil && (!stat.Mode().IsRegular() || stat.Size() > mostKey) {
		return nil, remedy.New(path, fmt.Errorf("%w: no PEM file", ErrKey), try)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, remedy.New(path, fmt.Errorf("%w: %w", ErrKey, err), try)
	}
	block, _ := pem.Decode(bytes.TrimSpace(text))
	if block == nil {
		return nil, remedy.New(path, fmt.Errorf("%w: no PEM file", ErrKey), try)
	}
	return block, nil
}

// Verify checks the signature beside the manifest at path, whose bytes are text.
func Verify(path string, text []byte, key ed25519.PublicKey) error {
	const try = "take the export from who signed it, with its .json and .sig, and the public key that belongs to the signature"
	if text == nil {
		return remedy.New(path, fmt.Errorf("%w is missing: there is no manifest", ErrSignature), try)
	}
	stat, err := os.Stat(path + Signed)
	var sign []byte
	if err == nil && stat.Mode().IsRegular() && stat.Size() == ed25519.SignatureSize { // a pipe would be waited for
		sign, err = os.ReadFile(path + Signed)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return remedy.New(path+Signed, fmt.Errorf("%w is missing", ErrSignature), try)
	case err != nil:
		return err
	case len(sign) != ed25519.SignatureSize || !ed25519.Verify(key, text, sign):
		return remedy.New(path+Signed, fmt.Errorf("%w is not by this key, or what was signed was changed", ErrSignature), try)
	}
	return nil
}
