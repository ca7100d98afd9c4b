package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terrane/terrane/tilestore"
)

// One rule says which version of a dataset is shown to who names none, by WMS, WMTS, XYZ, TMS and in the viewer: the newest version, or, if that
// shows an instant, the version of the latest instant, whatever the order in which versions were made. Of versions of one instant the newest
// counts. Where a version is held as the current one (Holder) it stands for the newest, and instants after its own are left out.

// instants are those of a dataset, in order.
type instants struct {
	numbers []int // of all versions that there were
	held    int   // the version that is held as the current one, -1: none
	all     []instant
}

// instant is a version that shows the ground at a time.
type instant struct {
	time time.Time
	ref  string // name@version
	info tilestore.Info
}

// ref names the version of a dataset that shows an instant: the newest one for the zero time, and where there are no instants.
func (o *offer) ref(name string, at time.Time) string {
	for _, i := range o.instants[name].all {
		if !at.IsZero() && i.time.Equal(at) {
			return i.ref
		}
	}
	return name
}

// shown is the version of a dataset that is shown to who names none, given its newest one.
func (o *offer) shown(newest tilestore.Info) tilestore.Info {
	all := o.instants[newest.Name].all
	if newest.Time.IsZero() || len(all) == 0 || !all[len(all)-1].time.After(newest.Time) {
		return newest
	}
	return all[len(all)-1].info
}

// moments lists the instants that a dataset shows.
func (o *offer) moments(name string) []Moment {
	var all []Moment
	for _, i := range o.instants[name].all {
		all = append(all, Moment{i.time, i.info.Version})
	}
	return all
}

// openShown lends the dataset that ref names, and of one named without a version the version that is shown.
func (s *Server) openShown(ctx context.Context, ref string) (lease, error) {
	d, err := s.openAny(ctx, ref)
	if err != nil || d.info.Time.IsZero() || strings.Contains(ref, "@") {
		return d, err
	}
	now, err := s.services(ctx)
	if err != nil {
		return d, nil // the newest is better than nothing
	}
	if i := now.shown(d.info); i.Version != d.info.Version {
		if other, err := s.openAny(ctx, fmt.Sprintf("%s@%d", i.Name, i.Version)); err == nil { // else it went away meanwhile
			d.Release()
			return other, nil
		}
	}
	return d, nil
}

// instantsOf lists the instants that the versions of a dataset show, in order; of versions of one instant the newest counts. With held set they end with i.
func instantsOf(ctx context.Context, c Chronicle, i tilestore.Info, held bool) ([]instant, error) {
	versions, err := c.Versions(ctx, i.Name)
	if err != nil {
		return nil, err
	}
	var all []instant
	for _, v := range slices.Backward(versions) {
		after := held && !v.Time.Before(i.Time) && v.Version != i.Version
		if !v.Time.IsZero() && v.Kind == i.Kind && !after {
			all = append(all, instant{v.Time.UTC(), fmt.Sprintf("%s@%d", v.Name, v.Version), v})
		}
	}
	slices.SortStableFunc(all, func(a, b instant) int { return a.time.Compare(b.time) })
	return slices.CompactFunc(all, func(a, b instant) bool { return a.time.Equal(b.time) }), nil
}

// instants lists those of each dataset whose newest version shows one. Versions are opened only if there are others than the last offer was made of.
func (s *Server) instants(ctx context.Context, infos []tilestore.Info, last *offer) (map[string]instants, error) {
	chronicle, ok := s.catalog.(Chronicle)
	found := map[string]instants{}
	for _, i := range infos {
		if !ok || i.Time.IsZero() {
			continue
		}
		numbers := chronicle.Numbers(i.Name)
		held := s.held(i)
		if last != nil && slices.Equal(last.instants[i.Name].numbers, numbers) && last.instants[i.Name].held == held {
			found[i.Name] = last.instants[i.Name]
			continue
		}
		all, err := instantsOf(ctx, chronicle, i, held >= 0)
		if err != nil {
			return nil, err
		}
		found[i.Name] = instants{numbers, held, all}
	}
	return found, nil
}

// held returns the version of i if that is held as the current one, else -1.
func (s *Server) held(i tilestore.Info) int {
	if h, ok := s.catalog.(Holder); ok {
		if v, held := h.Held(i.Name); held && v == i.Version {
			return v
		}
	}
	return -1
}

// equalInstants tells whether two states of the catalogue show the same instants.
func equalInstants(a, b map[string]instants) bool {
	for name := range a {
		if !slices.Equal(a[name].numbers, b[name].numbers) || a[name].held != b[name].held {
			return false
		}
	}
	return len(a) == len(b)
}
