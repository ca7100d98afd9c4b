package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/terrane/terrane/internal/remedy"
)

// ErrAddress says that what was given is no address that can be asked.
var ErrAddress = errors.New("doctor: no http or https address")

// ErrUnreached says that the server gave no answer at all.
var ErrUnreached = errors.New("doctor: no answer")

// The clients whose eyes can be looked with.
const (
	Latest = "latest" // CesiumJS 1.145
	Old    = "1.48"   // CesiumJS 1.48 to 1.50
)

// Options of [Examine]. The zero value looks with the newest client from a page of another origin.
type Options struct {
	Client  string        // Latest or Old; "" is Latest
	Origin  string        // of the page that the app is, "http://app.example"; "" is another one of the server's scheme
	Token   string        // sent as CesiumJS sends the token of ion; it is in no report
	Header  http.Header   // sent with every request besides
	Tiles   int           // how many tiles of a dataset are read at most; 0: 40
	Timeout time.Duration // for one request; 0: 15 s
}

func (o Options) withDefaults(address *url.URL) Options {
	o.Client = cmp.Or(o.Client, Latest)
	o.Origin = strings.TrimSuffix(cmp.Or(o.Origin, address.Scheme+"://app.example"), "/")
	o.Tiles = cmp.Or(o.Tiles, 40)
	o.Timeout = cmp.Or(o.Timeout, 15*time.Second)
	return o
}

// Report is what was found. Findings are in the order of severity, then of [Rules].
type Report struct {
	Address  string    `json:"address"`
	Client   string    `json:"client"`
	Origin   string    `json:"origin"`
	Subjects []Subject `json:"subjects"`
	Requests int       `json:"requests"`
	Findings []Finding `json:"findings"`
}

// Subject is one thing that was looked at.
type Subject struct {
	Kind    string `json:"kind"` // "terrain", "TMS", "TileJSON", "XYZ", "WMS", "WMTS", "ion"
	Address string `json:"address"`
	About   string `json:"about"` // a few facts, in words
	Tiles   int    `json:"tiles"` // read
}

// Finding is a rule and what became of it.
type Finding struct {
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	Rule     string   `json:"rule"`
	Found    string   `json:"found,omitempty"` // the first time
	At       []string `json:"at,omitempty"`    // the first requests, with what the answer's headers said
	Count    int      `json:"count,omitempty"` // how often
	See      string   `json:"see,omitempty"`
	Change   string   `json:"change,omitempty"`
}

// Count returns how many rules have a severity.
func (r Report) Count(s Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// OK tells whether no fault was found.
func (r Report) OK() bool { return r.Count(Fault) == 0 }

// Examine asks the server at address. The error, which wraps [ErrAddress] or [ErrUnreached] in a remedy.Error, is for what
// kept it from looking at all; whatever else goes wrong is a finding.
func Examine(ctx context.Context, address string, o Options) (Report, error) {
	u, err := url.Parse(strings.NewReplacer("{", "%7B", "}", "%7D").Replace(strings.TrimSpace(address)))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return Report{}, remedy.New(address, ErrAddress, "the address that the app is given, for example http://HOST/terrain/NAME/")
	}
	u.Fragment = ""
	o = o.withDefaults(u)
	d := &doctor{Options: o, chart: newChart(), home: u, client: newClient(u, o.Timeout)}
	defer d.client.CloseIdleConnections()
	first, err := d.greet(ctx)
	if err != nil {
		return Report{}, remedy.New(shown(u), err, "see that the server runs, and that scheme, host and port are right")
	}
	if first {
		d.examine(ctx, u)
	}
	if err := ctx.Err(); err != nil {
		return Report{}, err
	}
	r := Report{
		Address: shown(u), Client: o.Client, Origin: o.Origin, Subjects: d.subjects, Requests: d.requests, Findings: d.chart.findings(),
	}
	r.hide(o.secrets(u))
	return r, nil
}

// secrets are what was sent and must not be shown, as it stands and as it stands in addresses.
func (o Options) secrets(u *url.URL) []string {
	all := []string{o.Token}
	for _, values := range o.Header {
		all = append(all, values...)
	}
	for name, values := range u.Query() {
		if secret.MatchString(name + "=") {
			all = append(all, values...)
		}
	}
	var pairs []string
	for _, s := range all {
		if len(s) > 3 { // less would be found everywhere
			pairs = append(pairs, s, "...", url.QueryEscape(s), "...")
		}
	}
	return pairs
}

// hide takes secrets out of what servers said, who may repeat what they were sent. pairs are for strings.NewReplacer.
func (r *Report) hide(pairs []string) {
	hide := strings.NewReplacer(pairs...)
	for i := range r.Subjects {
		r.Subjects[i].About = hide.Replace(r.Subjects[i].About)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Found = hide.Replace(f.Found)
		for k := range f.At {
			f.At[k] = hide.Replace(f.At[k])
		}
	}
}

// doctor is one examination.
type doctor struct {
	Options
	chart
	home     *url.URL // what was named: its host alone is asked
	client   *http.Client
	subjects []Subject
	requests int
	refusal  *answer // the first that did not let who asks in
	lost     int     // requests without an answer, one after the other
	shy      bool    // a preflight comes before each request: the token goes in a header
}

// old tells whether to look with the eyes of the older clients.
func (d *doctor) old() bool { return d.Options.Client == Old }

// foreign notes that something lies on another host, which is not asked. It tells whether that is so.
func (d *doctor) foreign(u *url.URL, what string) bool {
	if strings.EqualFold(u.Hostname(), d.home.Hostname()) {
		d.pass("net.host")
		return false
	}
	d.found("net.host", "", "%s lies on %s: not looked at", what, u.Host)
	return true
}

// subject begins a part of the report and returns where its facts go.
func (d *doctor) subject(kind string, u *url.URL) *Subject {
	d.subjects = append(d.subjects, Subject{Kind: kind, Address: shown(u)})
	return &d.subjects[len(d.subjects)-1]
}

func (s *Subject) say(format string, args ...any) {
	if s.About != "" {
		s.About += ", "
	}
	s.About += fmt.Sprintf(format, args...)
}
