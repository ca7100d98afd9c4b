package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writeCertificate writes a certificate with this serial number and its key, last written at the time given.
func writeCertificate(t *testing.T, dir string, serial int64, at time.Time) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestARenewedCertificateIsTaken(t *testing.T) {
	dir, begin := t.TempDir(), time.Now().Add(-time.Hour)
	certFile, keyFile := writeCertificate(t, dir, 1, begin)
	c := &certificate{certFile: certFile, keyFile: keyFile, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if err := c.load(); err != nil {
		t.Fatal(err)
	}
	check := func(want int64) {
		t.Helper()
		c.looked = time.Time{}
		got, err := c.get(nil)
		if err != nil || got.Leaf.SerialNumber.Int64() != want {
			t.Errorf("serial %v, want %d; %v", got.Leaf.SerialNumber, want, err)
		}
	}
	check(1)
	writeCertificate(t, dir, 2, begin.Add(time.Minute))
	check(2)
	if err := os.WriteFile(certFile, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(2)
}

func TestTLSNeedsBothFiles(t *testing.T) {
	if c, err := loadTLS("", "", nil); c != nil || err != nil {
		t.Errorf("neither: %v %v", c, err)
	}
	if _, err := loadTLS("a.pem", "", nil); err == nil {
		t.Error("a certificate without a key is taken")
	}
	if _, err := loadTLS("none.pem", "none.pem", nil); err == nil {
		t.Error("files that do not exist are taken")
	}
}
