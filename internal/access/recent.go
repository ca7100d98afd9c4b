package access

// recent is a map that forgets what was not used for long: it holds most entries that were used last, and up to as many older ones.
type recent[K comparable, V any] struct {
	most       int
	young, old map[K]V
}

func newRecent[K comparable, V any](most int) *recent[K, V] {
	return &recent[K, V]{most: most, young: map[K]V{}}
}

func (r *recent[K, V]) get(k K) (v V, ok bool) {
	if v, ok = r.young[k]; ok {
		return v, true
	}
	if v, ok = r.old[k]; ok {
		r.put(k, v)
	}
	return v, ok
}

func (r *recent[K, V]) put(k K, v V) {
	if len(r.young) >= r.most {
		r.young, r.old = map[K]V{}, r.young
	}
	r.young[k] = v
}
