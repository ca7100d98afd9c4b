package places

import "strings"

// Marks before a term that is not just a word of a name: whole names are written without blanks after theirs. They are of Unicode's private
// use, so no name has them: see isPart.
const (
	wholeMark = "\ue000" // the name of the place, or how it is written in ASCII
	otherMark = "\ue001" // another name, whole
	whereMark = "\ue002" // a word of the region's or the country's name
)

// Bounds of what one place or one search may take.
const (
	mostNames = 200 // other names of a place
	mostWords = 8   // of a search; what is beyond them is not looked at

	mostSplits = 4 // ways to take a text for a name and where that lies
	mostLoose  = 3 // words that may all be beginnings
)

// termsOf is the text that is indexed of a place.
func termsOf(p Place) string {
	seen := map[string]bool{}
	var b strings.Builder
	add := func(term string) {
		if term != "" && !seen[term] {
			seen[term] = true
			b.WriteString(term)
			b.WriteByte(' ')
		}
	}
	name := func(name, mark string) {
		for _, s := range spellings(name) {
			list := words(s)
			if len(list) == 0 {
				continue
			}
			add(mark + strings.Join(list, ""))
			for _, w := range list {
				add(w)
			}
		}
	}
	name(p.Name, wholeMark)
	for _, n := range p.Names[:min(len(p.Names), mostNames)] {
		name(n, otherMark)
	}
	for _, s := range []string{p.Region, p.Country, p.CountryCode} {
		for _, w := range words(s) {
			add(whereMark + w)
		}
	}
	return b.String()
}

// Tiers of what is found: the fewer, the better the name fits what was asked.
const (
	tierWhole = iota // a name of the place is what was asked, or its beginning, and the rest is where it lies
	tierBegin        // the name of the place begins with what was asked
	tierWords        // all words are in its names, or in those of where it lies
	tierWhere        // all words begin one of these
	tiers
)

// matches are the questions to the index for a text, by tier; "" is none. All that the text adds to them are folded words between quotes.
func matches(text string) (all [tiers]string) {
	head, _, _ := strings.Cut(text, ",")
	list, first := words(text), len(words(head))
	list = list[:min(len(list), mostWords)]
	n := len(list)
	if n == 0 {
		return all
	}
	whole := func(k int) string {
		name := strings.Join(list[:k], "")
		expression := "(" + term(wholeMark+name) + " OR " + term(otherMark+name)
		expression += ")"
		for i := k; i < n; i++ {
			expression += " AND " + anywhere(list[i], i == n-1)
		}
		return "(" + expression + ")"
	}
	var names []string
	for k := n; k > max(n-mostSplits, 0); k-- {
		if first >= n || first == 0 || k == first { // a comma says where the name ends
			names = append(names, whole(k))
		}
	}
	all[tierWhole] = strings.Join(names, " OR ")
	if first >= n {
		all[tierBegin] = beginning(wholeMark + strings.Join(list, ""))
	}
	var every, some, loose []string
	for i, w := range list {
		every = append(every, anywhere(w, i == n-1))
		loose = append(loose, anywhere(w, true))
		if i == n-1 {
			some = append(some, beginning(w))
		} else {
			some = append(some, term(w))
		}
	}
	all[tierWords] = strings.Join(every, " AND ") + " AND (" + strings.Join(some, " OR ") + ")"
	if n <= mostLoose {
		all[tierWhere] = strings.Join(loose, " AND ")
	}
	return all
}

// anywhere finds a word of a place's names or of where it lies; with open, what it may be the beginning of too.
func anywhere(word string, open bool) string {
	if open {
		return "(" + beginning(word) + " OR " + beginning(whereMark+word) + ")"
	}
	return "(" + term(word) + " OR " + term(whereMark+word) + ")"
}

func term(s string) string { return `"` + s + `"` }

func beginning(s string) string { return `"` + s + `" *` }
