package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/terrane/terrane/internal/access"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/tilestore"
)

func newTokenCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "token",
		Short: "Make, list and revoke the tokens that terrane serve --auth asks for",
		Long: "Tokens are for datasets and scopes. Clients show them as Authorization: Bearer TOKEN, or in the URL, as access_token=TOKEN.\n" +
			"The file of tokens, tokens.json in the data folder, holds only a hash of each. Servers that run notice within a second what becomes of it.",
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var path string
	c.PersistentFlags().StringVar(&path, "auth-file", "", authFileHelp)
	file := func() string { return a.authFile(path) }
	c.AddCommand(newTokenCreateCommand(a, file), newTokenListCommand(a, file), newTokenRevokeCommand(a, file))
	return c
}

const authFileHelp = "file of tokens (default tokens.json in the data folder)"

// authFile is the file of tokens that a flag names, else that of the data folder.
func (a *app) authFile(flag string) string {
	return orElse(flag, filepath.Join(a.data, access.FileName))
}

// tokenFlags are the flags of "token create" as the user wrote them.
type tokenFlags struct {
	name     string
	datasets []string
	scopes   []string
	expires  string
	rate     string
}

func newTokenCreateCommand(a *app, file func() string) *cobra.Command {
	var f tokenFlags
	c := &cobra.Command{
		Use:   "create",
		Short: "Make a token and print it, once",
		Long: "Makes a token and prints it. It cannot be printed again: the file keeps a hash. It opens the datasets that are named, all their\n" +
			"versions, and those that will come under these names. The scope admin also publishes, removes and uses versions of them over HTTP.",
		Example: "  terrane token create --name viewer --dataset alps,ortho --expires 30d\n  terrane token create --name deploy --scope admin --rate 100/s",
		Args:    usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			t, err := f.token(time.Now())
			if err != nil {
				return usageError(c, err)
			}
			return a.createToken(file(), t)
		},
	}
	v := c.Flags()
	v.StringVar(&f.name, "name", "", "what it is for, as token list shows it")
	v.StringSliceVar(&f.datasets, "dataset", []string{access.Every}, "datasets that it opens; * is all, those to come included")
	v.StringSliceVar(&f.scopes, "scope", []string{access.ScopeRead}, "what it is for: read, or admin, which may read too")
	v.StringVar(&f.expires, "expires", "", "when it ends: 12h, 30d, or a date, 2027-06-01 (default never)")
	v.StringVar(&f.rate, "rate", "", "requests that are answered in a second, minute or hour: 100/s, 600/m, 5000/h (default no limit)")
	return c
}

// mostName is the longest name of a token, in bytes.
const mostName = 100

// token checks the flags.
func (f *tokenFlags) token(now time.Time) (t access.Token, err error) {
	t.Name, t.Datasets, t.Scopes = strings.TrimSpace(f.name), f.datasets, f.scopes
	if len(t.Name) > mostName || strings.ContainsFunc(t.Name, func(r rune) bool { return r < ' ' }) {
		return t, fmt.Errorf("--name: one line of at most %d bytes", mostName)
	}
	if len(f.datasets) == 0 || len(f.scopes) == 0 {
		return t, errors.New("--dataset and --scope: at least one each")
	}
	for _, name := range f.datasets {
		if err := tilestore.CheckName(name); name != access.Every && err != nil {
			return t, fmt.Errorf("--dataset: %w", err)
		}
	}
	for _, s := range f.scopes {
		if s != access.ScopeRead && s != access.ScopeAdmin {
			return t, fmt.Errorf("--scope %q: it is %s or %s", s, access.ScopeRead, access.ScopeAdmin)
		}
	}
	if t.Rate, err = access.ParseRate(f.rate); err != nil {
		return t, fmt.Errorf("--rate %q: it is like 100/s, 600/m or 5000/h", f.rate)
	}
	t.Expires, err = parseExpiry(f.expires, now)
	return t, err
}

var lifetime = regexp.MustCompile(`^([1-9][0-9]{0,5})([mhdwy])$`)

// parseExpiry reads a time from now on, 30m, 12h, 30d, 6w or 1y, or a date or instant in the future; "" is never.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if parts := lifetime.FindStringSubmatch(text); parts != nil {
		n, _ := strconv.Atoi(parts[1]) // of six digits
		const day = 24 * time.Hour
		unit := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": day, "w": 7 * day, "y": 365 * day}[parts[2]]
		if n <= int(100*365*day/unit) {
			return now.Add(time.Duration(n) * unit).UTC().Truncate(time.Second), nil
		}
	}
	at, err := parseInstant(text)
	if err != nil || !at.After(now) {
		return time.Time{}, fmt.Errorf("--expires %q: it is a time from now on, 12h or 30d, or a date that is to come, 2027-06-01", text)
	}
	return at, nil
}

// createdToken is what "token create --json" prints.
type createdToken struct {
	Secret string `json:"token"`
	access.Token
}

func (a *app) createToken(path string, t access.Token) error {
	secret, made, err := access.Create(path, t)
	if err != nil {
		return a.tokenFault(path, err)
	}
	if a.json {
		return a.printJSON(createdToken{secret, made})
	}
	a.say("token    %s, for %s, %s        (shown this once; terrane token revoke %s ends it)", made.ID, datasetsText(made), untilText(made), made.ID)
	_, err = fmt.Fprintln(a.stdout, secret)
	return err
}

func datasetsText(t access.Token) string {
	if slices.Contains(t.Datasets, access.Every) {
		return "all datasets"
	}
	return strings.Join(t.Datasets, ", ")
}

func untilText(t access.Token) string {
	if t.Expires.IsZero() {
		return "without end"
	}
	return "until " + t.Expires.UTC().Format("2006-01-02 15:04 UTC")
}

func newTokenListCommand(a *app, file func() string) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the tokens, but for what is secret of them",
		Example: "  terrane token list\n  terrane token list --json",
		Args:    usage(cobra.NoArgs),
		RunE:    func(*cobra.Command, []string) error { return a.listTokens(file()) },
	}
}

func (a *app) listTokens(path string) error {
	all, err := access.List(path)
	if err != nil {
		return a.tokenFault(path, err)
	}
	if a.json {
		return a.printJSON(all)
	}
	if len(all) == 0 {
		a.say("no tokens in %s", path)
		a.say("try: terrane token create --name viewer")
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tNAME\tDATASETS\tSCOPE\tRATE\tCREATED\tEXPIRES")
	for _, t := range all {
		expires := "never"
		if !t.Expires.IsZero() {
			expires = t.Expires.UTC().Format(time.DateTime)
		}
		if t.Expired(time.Now()) {
			expires += " (over)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, orElse(t.Name, "-"), strings.Join(t.Datasets, ","), strings.Join(t.Scopes, ","),
			orElse(t.Rate.String(), "-"), t.Created.UTC().Format(time.DateOnly), expires)
	}
	return w.Flush()
}

func newTokenRevokeCommand(a *app, file func() string) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke ID",
		Short:   "End a token",
		Long:    "Ends the token of an id, as terrane token list shows it. Servers refuse it within a second.",
		Example: "  terrane token revoke 3f9a20c1",
		Args:    usage(cobra.ExactArgs(1)),
		RunE:    func(_ *cobra.Command, args []string) error { return a.revokeToken(file(), args[0]) },
	}
}

func (a *app) revokeToken(path, id string) error {
	gone, err := access.Revoke(path, id)
	if err != nil {
		return a.tokenFault(path, err)
	}
	if a.json {
		return a.printJSON(map[string]any{"revoked": gone.ID, "name": gone.Name})
	}
	a.say("revoked  %s%s", gone.ID, strings.TrimRight(" "+gone.Name, " "))
	return nil
}

// tokenFault says what keeps the file of tokens from being read or written.
func (a *app) tokenFault(path string, err error) error {
	switch {
	case errors.Is(err, access.ErrNoToken):
		return remedy.New("", err, "terrane token list shows the ids")
	case errors.Is(err, access.ErrFile):
		return mark(err, tilestore.ErrForeign)
	case errors.Is(err, fs.ErrNotExist):
		return remedy.New(filepath.Dir(path), errors.New("no such folder"), "make it with mkdir -p, or name another with --data or --auth-file")
	case errors.Is(err, fs.ErrPermission):
		return remedy.New(path, unpath(err), "run it as root, or as the user that owns the file: sudo -u USER terrane token ...")
	}
	return err
}
