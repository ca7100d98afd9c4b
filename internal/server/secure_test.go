package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// ownCertificate makes the configurations of a server and of a client that trusts it.
func ownCertificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{{127, 0, 0, 1}}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}
}

func TestBrokenRequestsOverTLSAreTheClientsFault(t *testing.T) {
	server, client := ownCertificate(t)
	address, _ := start(t, New(newShelf(), Options{TLS: server}))
	for name, request := range broken {
		c, err := tls.Dial("tcp", address, client)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(c, request)
		answer, _ := io.ReadAll(c) // a reset after the answer is fine
		c.Close()
		if !strings.HasPrefix(string(answer), "HTTP/1.1 4") {
			t.Errorf("%s: %.100q", name, answer)
		}
	}
	if answer := raw(t, address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); !strings.Contains(answer, " 400 ") {
		t.Errorf("plain HTTP: %.100q", answer)
	}
}

func TestTLSServesBothProtocols(t *testing.T) {
	server, client := ownCertificate(t)
	s := New(newShelf(), Options{TLS: server})
	address, stop := start(t, s)
	for proto, two := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		transport := &http.Transport{TLSClientConfig: client.Clone(), ForceAttemptHTTP2: two}
		r, err := (&http.Client{Transport: transport}).Get("https://" + address + "/datasets")
		if err != nil {
			t.Fatal(err)
		}
		body := bodyOf(t, r)
		r.Body.Close()
		transport.CloseIdleConnections()
		if r.Proto != proto || r.StatusCode != 200 || !strings.Contains(string(body), "https://"+address+"/terrain/alps/") {
			t.Errorf("%s, wanted %s: %d %.200s", r.Proto, proto, r.StatusCode, body)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	if n := s.metrics.connections.Load(); n != 0 {
		t.Errorf("%d connections are open at the end", n)
	}
}

func TestASlowHandshakeHoldsUpNobodyAndEnds(t *testing.T) {
	server, client := ownCertificate(t)
	address, _ := start(t, New(newShelf(), Options{TLS: server, Limits: Limits{Header: 300 * time.Millisecond}}))
	slow, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	begin := time.Now()
	r, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: client, DisableKeepAlives: true}}).Get("https://" + address + "/healthz")
	if err != nil || r.StatusCode != 200 || time.Since(begin) > 2*time.Second {
		t.Fatalf("another client: %v after %v", err, time.Since(begin))
	}
	r.Body.Close()
	slow.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.Copy(io.Discard, slow); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Error("a connection without a handshake is still open after 5 s")
	}
}
