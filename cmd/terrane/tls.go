package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/terrane/terrane/internal/remedy"
)

// certificate is the operator's own certificate. It is read again when its files change, so that renewing it needs no restart.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex // guards the fields below
	loaded *tls.Certificate
	state  [2]time.Time // of the files when they were loaded
	looked time.Time
}

// lookAtCertificate is how often the files are looked at, at most.
const lookAtCertificate = time.Second

// loadTLS returns the configuration for two files, nil if neither is named.
func loadTLS(certFile, keyFile string, log *slog.Logger) (*tls.Config, error) {
	if certFile == "" && keyFile == "" {
		return nil, nil
	}
	if certFile == "" || keyFile == "" {
		return nil, remedy.New("--tls-cert, --tls-key", errors.New("one without the other"), "name both, or none for plain HTTP")
	}
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	if err := c.load(); err != nil {
		return nil, remedy.New(certFile, err, "PEM files: the certificate with its chain, and its key")
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}, nil
}

// get returns the certificate for a handshake. Files that became unreadable leave the one that works in place.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) > lookAtCertificate {
		c.looked = time.Now()
		if c.times() != c.state {
			if err := c.load(); err != nil {
				c.log.Warn("certificate not renewed", "cause", err.Error())
			}
		}
	}
	return c.loaded, nil
}

// load reads the files. The caller holds mu, or is the only one.
func (c *certificate) load() error {
	state := c.times()
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("load certificate: %w", err)
	}
	c.loaded, c.state = &pair, state
	return nil
}

// times returns when the files were last written.
func (c *certificate) times() (t [2]time.Time) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			t[i] = info.ModTime()
		}
	}
	return t
}
