package tilestore

import "testing"

func TestACreditFetchesAndRunsNothing(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		"© Survey & <Sons>":            "© Survey & &lt;Sons&gt;",
		"a < b":                        "a &lt; b",
		"<":                            "&lt;",
		"&copy; <b>A</b><br/><I>B</I>": "&copy; <b>A</b><br/><I>B</I>",
		`<a href="https://example.org/?a=1&amp;b=2" target="_blank">SRTM</a>`: `<a href="https://example.org/?a=1&amp;b=2" target="_blank">SRTM</a>`,
		`<a href='/about'>us</a>`:                       `<a href='/about'>us</a>`,
		`<img src="http://evil.example/a.png">`:         `&lt;img src="http://evil.example/a.png"&gt;`,
		`<a href="javascript:alert(1)">x</a>`:           `&lt;a href="javascript:alert(1)"&gt;x</a>`,
		`<a href=" &#106;avascript:alert(1)">x</a>`:     `&lt;a href=" &#106;avascript:alert(1)"&gt;x</a>`,
		`<a href="/" href="javascript:x">x</a>`:         `&lt;a href="/" href="javascript:x"&gt;x</a>`,
		`<a href="/" onclick="x()">x</a>`:               `&lt;a href="/" onclick="x()"&gt;x</a>`,
		`<b style="background:url(http://e.example)">x`: `&lt;b style="background:url(http://e.example)"&gt;x`,
		"<script>x</script><svg/onload=x>":              "&lt;script&gt;x&lt;/script&gt;&lt;svg/onload=x&gt;",
		"<<b>img src=x>":                                "&lt;<b>img src=x&gt;",
	} {
		if got := Credit(text); got != want || Credit(got) != got {
			t.Errorf("%q becomes %q, and then %q, want %q", text, got, Credit(got), want)
		}
	}
}
