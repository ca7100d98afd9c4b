package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/terrane/terrane/internal/access"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/server"
)

// accessFlags are the flags of "serve" that say who may ask, and how often.
type accessFlags struct {
	auth             bool
	file             string
	keys             string
	issuer, audience string
	rate             string
	uploadMB         int64
}

func (f *accessFlags) register(c *cobra.Command) {
	s := c.Flags()
	s.BoolVar(&f.auth, "auth", false, "ask for a token, see terrane token, before any data is read")
	s.StringVar(&f.file, "auth-file", "", authFileHelp)
	s.StringVar(&f.keys, "jwt-key", "", "with --auth: take JWTs too that these public keys signed (PEM, or a JWKS); read again when it changes")
	s.StringVar(&f.issuer, "jwt-issuer", "", "what JWTs must say as iss")
	s.StringVar(&f.audience, "jwt-audience", "", "what JWTs must say as aud")
	s.StringVar(&f.rate, "rate", "", "requests of each address without a token: 100/s, 600/m, 5000/h; tokens have their own (default no limit)")
	s.Int64Var(&f.uploadMB, "max-upload", 4096, "with --auth: megabytes of a dataset that an admin token may publish over HTTP, 0 for none")
}

// apply opens what the flags name and puts it into the server's options.
func (f *accessFlags) apply(a *app, o *server.Options) (err error) {
	if o.Rate, err = access.ParseRate(f.rate); err != nil {
		return fmt.Errorf("--rate %q: it is like 100/s, 600/m or 5000/h", f.rate)
	}
	switch {
	case !f.auth && f.keys+f.file != "":
		return remedy.New("--auth-file, --jwt-key", errors.New("nobody is asked for a token"), "add --auth")
	case f.keys == "" && f.issuer+f.audience != "":
		return remedy.New("--jwt-issuer, --jwt-audience", errors.New("no JWT is taken"), "name the issuer's public keys with --jwt-key")
	case f.uploadMB < 0:
		return errors.New("--max-upload must be positive, or 0 for none")
	case !f.auth:
		return nil
	}
	o.UploadBytes = f.uploadMB << 20
	path := a.authFile(f.file)
	o.Access, err = access.Open(access.Options{Tokens: path, Keys: f.keys, Issuer: f.issuer, Audience: f.audience, Log: o.Log})
	if errors.Is(err, access.ErrKeys) || errors.Is(err, fs.ErrNotExist) {
		return remedy.New(f.keys, unremedied(err), "a PEM file of public keys, RSA, P-256 or Ed25519, or a JWKS of these")
	}
	if err != nil {
		return a.tokenFault(path, err)
	}
	if o.Access.Tokens() == 0 && f.keys == "" {
		a.say("note     there is no token yet: nobody can read anything        (terrane token create)")
	}
	return nil
}

// unremedied is the cause of an error that has a remedy already.
func unremedied(err error) error {
	var r *remedy.Error
	if errors.As(err, &r) {
		return r.Err
	}
	return err
}

// sayWho says that a server that others reach asks nobody for a token.
func (a *app) sayWho(at net.Addr, o server.Options) {
	p, err := netip.ParseAddrPort(at.String())
	if o.Access == nil && (err != nil || !p.Addr().Unmap().IsLoopback()) {
		a.say("note     whoever reaches %s may read all that is served        (--auth asks for tokens)", at)
	}
}
