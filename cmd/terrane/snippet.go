package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/terrane/terrane/internal/remedy"
	"github.com/terrane/terrane/internal/server"
	"github.com/terrane/terrane/internal/snippet"
	"github.com/terrane/terrane/tilestore"
)

// defaultHost is where "terrane serve" listens.
const defaultHost = "127.0.0.1:8080"

// snippetFlags are the flags of "snippet" as the user wrote them.
type snippetFlags struct {
	client, baseURL string
	list            bool
}

// snippetOf is what "snippet --json" prints, or of "--list" an element.
type snippetOf struct {
	Client string `json:"client"`
	Title  string `json:"title"`
	Code   string `json:"code,omitempty"`
}

func newSnippetCommand(a *app) *cobra.Command {
	var f snippetFlags
	c := &cobra.Command{
		Use:   "snippet NAME[@VERSION]",
		Short: "Print the lines that show a dataset in a client: CesiumJS, Unreal, QGIS, OpenLayers, ...",
		Long: "Prints code, or what to fill into dialogs, to see a dataset in a client: the same as the catalogue page shows. --list says which clients\n" +
			"there are, all or those of a dataset. The address in it is --base-url, where clients see the server.",
		Example: "  terrane snippet alps\n  terrane snippet alps --for ion --base-url https://maps.example.org/\n" +
			"  terrane snippet ortho --for qgis\n  terrane snippet --list",
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			base, err := parseBaseURL(f.baseURL)
			if err != nil {
				return usageError(c, err)
			}
			if base == nil {
				base = &url.URL{}
			}
			if base.Host == "" { // a server may be told only the path below which it sits
				base.Scheme, base.Host = "http", defaultHost
			}
			if len(args) == 0 && !f.list {
				return usageError(c, errors.New("no dataset is named"))
			}
			return a.snippet(c, args, f, base)
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.datasetNames(c.Context()), cobra.ShellCompDirectiveNoFileComp
		},
	}
	v := c.Flags()
	v.StringVar(&f.client, "for", "cesium", "client: "+strings.Join(clientNames(), ", "))
	v.StringVar(&f.baseURL, "base-url", "http://"+defaultHost, "URL under which clients see the server")
	v.BoolVar(&f.list, "list", false, "list the clients that there are snippets for")
	_ = c.RegisterFlagCompletionFunc("for", cobra.FixedCompletions(clientNames(), cobra.ShellCompDirectiveNoFileComp)) // the flag is there
	return c
}

func clientNames() []string {
	var names []string
	for _, c := range snippet.Clients() {
		names = append(names, c.Name)
	}
	return names
}

// datasetNames lists the datasets of the data folder, for completion: nothing, if there is none.
func (a *app) datasetNames(ctx context.Context) []string {
	folder, err := a.openFolder(ctx)
	if err != nil {
		return nil
	}
	defer folder.Close()
	var names []string
	all, _ := folder.All(ctx)
	for _, i := range all {
		names = append(names, i.Name)
	}
	return names
}

func (a *app) snippet(c *cobra.Command, args []string, f snippetFlags, base *url.URL) error {
	if f.client = strings.ToLower(f.client); !slices.Contains(clientNames(), f.client) {
		return usageError(c, remedy.New("--for", fmt.Errorf("%q is not known", f.client), strings.Join(clientNames(), ", ")))
	}
	code := map[string]string{}
	if len(args) > 0 {
		var err error
		if code, err = a.snippets(c.Context(), args[0], base); err != nil {
			return err
		}
	}
	if f.list {
		return a.listClients(code)
	}
	text, ok := code[f.client]
	if !ok {
		return remedy.New(args[0], fmt.Errorf("there is no code for %s that shows it", titleOf(f.client)), "terrane snippet "+args[0]+" --list")
	}
	if a.json {
		return a.printJSON(snippetOf{f.client, titleOf(f.client), text})
	}
	fmt.Fprintln(a.stdout, text)
	return nil
}

func titleOf(client string) string {
	all := snippet.Clients()
	return all[slices.IndexFunc(all, func(c snippet.Client) bool { return c.Name == client })].Title
}

// listClients prints the clients, or those that code has lines for.
func (a *app) listClients(code map[string]string) error {
	list := []snippetOf{}
	for _, c := range snippet.Clients() {
		if _, ok := code[c.Name]; ok || len(code) == 0 {
			list = append(list, snippetOf{c.Name, c.Title, code[c.Name]})
		}
	}
	if a.json {
		return a.printJSON(list)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, s := range list {
		fmt.Fprintf(w, "%s\t%s\n", s.Client, s.Title)
	}
	return w.Flush()
}

// snippets asks a server over the data folder, in this process, what it shows of a dataset: so both say the same.
func (a *app) snippets(ctx context.Context, ref string, base *url.URL) (map[string]string, error) {
	folder, err := a.openFolder(ctx)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	d, err := a.borrow(ctx, folder, ref)
	if err != nil {
		return nil, err
	}
	d.Release()
	address := url.URL{Path: strings.TrimSuffix(base.Path, "/") + "/datasets/" + ref}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, err
	}
	var got kept
	server.New(catalog{folder}, server.Options{BaseURL: base, CacheBytes: -1}).ServeHTTP(&got, r)
	var sum server.Summary
	if got.status != http.StatusOK {
		return nil, remedy.New(ref, tilestore.ErrNoDataset, "terrane list")
	}
	err = json.Unmarshal(got.body.Bytes(), &sum)
	return sum.Snippets, err
}

// kept is an answer that stays in this process.
type kept struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (k *kept) Header() http.Header {
	if k.header == nil {
		k.header = http.Header{}
	}
	return k.header
}

func (k *kept) WriteHeader(status int) { k.status = status }

func (k *kept) Write(b []byte) (int, error) {
	if k.status == 0 {
		k.status = http.StatusOK
	}
	return k.body.Write(b)
}
