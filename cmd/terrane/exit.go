package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

// Errors of the commands themselves that have an exit code of their own.
var (
	// errUsage: the command line or the configuration is wrong.
	errUsage = errors.New("wrong usage")
	// errVerification: a dataset was read through and is not as it should be.
	errVerification = errors.New("verification failed")
	// errInput: what was given to be read cannot be used.
	errInput = errors.New("unusable input")
	// errAmbiguous: --strict, and something had to be assumed.
	errAmbiguous = errors.New("ambiguous input")
	// errResumable: what was interrupted carries on when it is begun again.
	errResumable = errors.New("resumable")
)

// Exit codes, see docs. 1 is every failure without a code of its own.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInput       = 3
	exitAmbiguous   = 4
	exitVerify      = 5
	exitStore       = 6
	exitDisk        = 7
	exitInterrupted = 130
)

// exitCodes says which sentinel has which code; the first match counts.
var exitCodes = []struct {
	is   error
	code int
}{
	{errUsage, exitUsage},
	{errAmbiguous, exitAmbiguous},
	{errVerification, exitVerify},
	{tilestore.ErrFull, exitDisk},
	{syscall.ENOSPC, exitDisk},
	{syscall.EDQUOT, exitDisk},
	{errInput, exitInput},
	{tilestore.ErrLocked, exitStore},
	{tilestore.ErrCorrupt, exitStore},
	{tilestore.ErrForeign, exitStore},
	{tilestore.ErrExists, exitStore},
	{errReadOnly, exitStore},
	{syscall.EROFS, exitStore},
}

// exitCode returns the program's exit code for an error. interrupted tells that a signal ended the work.
func exitCode(err error, interrupted bool) int {
	if err == nil {
		return exitDone
	}
	if interrupted && errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	for _, e := range exitCodes {
		if errors.Is(err, e.is) {
			return e.code
		}
	}
	return rasterExitCode(err)
}

// report prints an error as two lines, what failed and what to try, and returns the exit code.
func (a *app) report(ctx context.Context, err error) int {
	code := exitCode(err, ctx.Err() != nil)
	switch {
	case code == exitDone:
	case code == exitInterrupted && errors.Is(err, errResumable):
		fmt.Fprintln(a.stderr, "terrane: interrupted")
		fmt.Fprintln(a.stderr, "try: the same command again; it carries on where it stopped")
	case code == exitInterrupted:
		fmt.Fprintln(a.stderr, "terrane: interrupted")
		fmt.Fprintln(a.stderr, "try: the same command again; nothing was changed, it begins anew")
	default:
		fmt.Fprintln(a.stderr, "terrane: "+plain(err))
		if try := remedy.Try(err); try != "" {
			fmt.Fprintln(a.stderr, "try: "+oneLine(try))
		}
	}
	return code
}

// usageError marks err as the user's, and points to the command's help unless a remedy is in it already.
func usageError(c *cobra.Command, err error) error {
	if remedy.Try(err) != "" {
		return mark(err, errUsage)
	}
	return remedy.New("", mark(err, errUsage), c.CommandPath()+" --help")
}

// mark makes err be sentinel as well, without saying so in its text; nil stays nil.
func mark(err, sentinel error) error {
	if err == nil {
		return nil
	}
	return &marked{err, sentinel}
}

type marked struct{ err, sentinel error }

func (m *marked) Error() string   { return m.err.Error() }
func (m *marked) Unwrap() []error { return []error{m.sentinel, m.err} }
