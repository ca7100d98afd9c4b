package places

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// letters are those that Unicode does not take apart, and what they are folded to.
var letters = map[rune]string{
	'ß': "ss", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'æ': "ae", 'œ': "oe", 'ı': "i", 'ħ': "h", 'ŋ': "n", 'ŧ': "t", 'ĸ': "k", 'ə': "a",
	'ς': "σ", 'ى': "ي", 'ة': "ه", 'ـ': "",
}

// digraphs are how German and the Nordic languages write letters where these are not to be had: Zuerich, Aarhus.
var digraphs = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "å", "aa", "ø", "oe", "Ä", "ae", "Ö", "oe", "Ü", "ue", "Å", "aa", "Ø", "oe")

// Fold writes a name as it is compared: lower case, without accents and other marks, letters that are variants of others as these. What is no
// letter or digit becomes a blank; there is never more than one in a row, none at the ends.
func Fold(s string) string { return strings.Join(words(s), " ") }

// words folds a text and takes it apart. Of scripts without blanks, Han and Kana, each letter is a word.
func words(s string) []string {
	var all []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			all = append(all, word.String())
			word.Reset()
		}
	}
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(s, " ")) {
		r = unicode.ToLower(r)
		folded, known := letters[r]
		switch {
		case known:
			word.WriteString(folded)
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) && unicode.IsLetter(r):
			end()
			word.WriteRune(r)
			end()
		case unicode.Is(unicode.Mn, r):
		case isPart(r):
			word.WriteRune(r)
		default:
			end()
		}
	}
	end()
	return all
}

// isPart tells whether a rune is part of a word. The modifier letters that serve as apostrophes are not, nor is what marks our own terms.
func isPart(r rune) bool {
	if 0x2b0 <= r && r <= 0x2ff {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) && (r > unicode.MaxASCII || '0' <= r && r <= '9') || unicode.Is(unicode.Mc, r)
}

// spellings are the forms in which a name is looked for: as it is and, where that differs, with digraphs, and without its apostrophes.
func spellings(name string) []string {
	all := []string{name}
	if wide := digraphs.Replace(norm.NFC.String(name)); wide != name && wide != norm.NFC.String(name) {
		all = append(all, wide)
	}
	if strings.ContainsAny(name, "'’ʻ`‘ʼ") {
		all = append(all, strings.NewReplacer("'", "", "’", "", "ʻ", "", "`", "", "‘", "", "ʼ", "").Replace(name))
	}
	return all
}
