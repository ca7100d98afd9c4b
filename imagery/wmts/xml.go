package wmts

import (
	"bytes"
	"encoding/xml"
	"strconv"
)

// xmlWriter writes elements into a buffer, which never fails. Text is escaped, and what XML cannot hold becomes U+FFFD; names
// are ours.
type xmlWriter struct{ *bytes.Buffer }

func (x xmlWriter) raw(s string) { x.WriteString(s) }

func (x xmlWriter) text(s string) {
	xml.EscapeText(x.Buffer, []byte(s)) // a buffer returns no error
}

func (x xmlWriter) attr(name, value string) {
	x.raw(" " + name + `="`)
	x.text(value)
	x.raw(`"`)
}

func (x xmlWriter) element(name, value string) {
	x.raw("<" + name + ">")
	x.text(value)
	x.raw("</" + name + ">")
}

// optional writes nothing for an empty value.
func (x xmlWriter) optional(name, value string) {
	if value != "" {
		x.element(name, value)
	}
}

func (x xmlWriter) number(name string, n uint32) {
	x.raw("<" + name + ">")
	x.Write(strconv.AppendUint(x.AvailableBuffer(), uint64(n), 10))
	x.raw("</" + name + ">")
}
