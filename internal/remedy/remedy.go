// Package remedy is the one shape of errors that a user reads: what it is about, what went wrong, and what to try.
//
// Any package may return such an error; cmd prints it as two lines and picks the exit code from the sentinel inside.
// Text of GDAL or SQLite may be part of the cause on a terminal; it never reaches an HTTP client (internal/server does not print causes).
package remedy

import "errors"

// Error is a failure with a remedy. On names the file, dataset or flag; Err is the cause and carries the sentinel; Try is one line
// that the user can act on, or empty.
type Error struct {
	On  string
	Err error
	Try string
}

// New returns an [Error].
func New(on string, err error, try string) error { return &Error{On: on, Err: err, Try: try} }

// Error returns "on: cause". The remedy is not part of it: it goes on a line of its own, see [Try].
func (e *Error) Error() string {
	if e.On == "" {
		return e.Err.Error()
	}
	return e.On + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Try returns the remedy of the first [Error] in err's chain that has one, or "".
func Try(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Try != "" {
			return e.Try
		}
		err = e.Err
	}
	return ""
}
