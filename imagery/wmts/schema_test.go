package wmts

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestDocumentsAreValid checks what is written against OGC's own schemas, which are not ours to keep. TERRANE_XML_CATALOG
// names an OASIS catalog that leads http://schemas.opengis.net/ and http://www.w3.org/ to copies of them, such as the
// archives org.jvnet.ogc:ogc-schemas and org.hisrc.w3c:w3c-schemas of Maven Central hold. Their
// wmtsGetCapabilities_response.xsd is version 1.0.1, which has row 0 and column 0 of a limit for an error (positiveInteger);
// 1.0.2, which OGC's test suite uses, says nonNegativeInteger.
func TestDocumentsAreValid(t *testing.T) {
	if os.Getenv("TERRANE_XML_CATALOG") == "" {
		t.Skip("TERRANE_XML_CATALOG is not set: nothing to validate with")
	}
	empty, lone := service(), service()
	empty.Layers, empty.UpdateSequence = nil, ""
	lone.Layers = []Layer{{}}
	const namespace, schema = "http://www.opengis.net/wmts/1.0", "http://schemas.opengis.net/wmts/1.0/wmts.xsd"
	for query, s := range map[string]Service{"": service(), "&sections=ServiceIdentification": service(),
		"&sections=ServiceProvider": service(), "&sections=OperationsMetadata": service(),
		"&sections=Contents": service(), "&sections=Contents,Themes": service(), "&updatesequence=17": service(),
		"&sections=All": empty, "&version=1.0.0": lone, "&sections=Themes": thousand()} {
		got, err := answer(t, s, query)
		if err != nil {
			t.Fatal(err)
		}
		validate(t, namespace, schema, query, got)
	}
	for _, e := range []*Exception{NoLayer(), NoPath(), {InvalidUpdateSequence, "", "a", 400}} {
		var b bytes.Buffer
		e.Encode(&b)
		validate(t, "http://www.opengis.net/ows/1.1", "http://schemas.opengis.net/ows/1.1.0/owsAll.xsd", e.Code, b.Bytes())
	}
}

// validate wraps the schema in one that imports it: xmllint would read a schema that includes itself twice, under its two
// addresses, if it began with it.
func validate(t *testing.T, namespace, schema, name string, document []byte) {
	t.Helper()
	wrap := filepath.Join(t.TempDir(), "wrap.xsd")
	text := fmt.Sprintf(`<schema xmlns="http://www.w3.org/2001/XMLSchema"><import namespace="%s" schemaLocation="%s"/></schema>`, namespace, schema)
	if err := os.WriteFile(wrap, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("xmllint", "--nonet", "--noout", "--schema", wrap, "-")
	c.Env = append(os.Environ(), "XML_CATALOG_FILES="+os.Getenv("TERRANE_XML_CATALOG"))
	c.Stdin = bytes.NewReader(document)
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
}
