package resolver

import "testing"

// What an update's mask names and its body leaves out is cleared: it is written, too.
func TestUpdateMasks(t *testing.T) {
	update := mustLine(t, "PATCH /orders/{o} -> update order/{o}")
	wrapped := mustLine(t, "PATCH /orders/{o} -> update order/{o}", withWrites("body.order"))
	patch := mustLine(t, "PATCH /orders/{o} -> update order/{o}", withBody("json-patch"))
	form := mustLine(t, "POST /orders/{o} -> update order/{o}", withBody("form"))
	reads := mustLine(t, "PATCH /orders/{o} -> update order/{o}", withFields("query.field_mask"))
	batch := mustLine(t, "POST /orders -> update order/{body.requests[].order.id}", withWrites("body.requests[].order"))
	const phone = asJSON + `{"phone":1}`
	for _, c := range []struct {
		row     string
		routes  *Routes
		request string
		want    string
	}{
		{"none", update, "PATCH /orders/7?page=ssn" + phone, "update order/7 named phone"},
		{"what the body names, too", update, "PATCH /orders/7?updateMask=phone" + phone, "update order/7 named phone"},
		{"a property", update, "PATCH /orders/7?updateMask=ssn" + phone, "update order/7 named phone+ssn"},
		{"in another spelling", update, "PATCH /orders/7?update_mask=phone,address.zip" + phone, "update order/7 named phone+address.zip"},
		{"in capitals", update, "PATCH /orders/7?UPDATEMASK=ssn" + phone, "update order/7 named phone+ssn"},
		{"as Firestore has it", update, "PATCH /orders/7?updateMask.fieldPaths=phone&updateMask.fieldPaths=ssn" + phone, "update order/7 named phone+ssn"},
		{"a part", update, "PATCH /orders/7?fieldMask=address" + phone, "update order/7 named phone+address"},
		{"an attribute that nobody may write", update, "PATCH /orders/7?updateMask=owner" + phone, "update order/7 named phone+owner"},
		{"everything", update, "PATCH /orders/7?updateMask=*" + phone, "update order/7 named phone+*"},
		{"what may be another name", update, "PATCH /orders/7?updateMask=order.ssn" + phone, "update order/7 named phone+*"},
		{"a twin", update, "PATCH /orders/7?updateMask=SSN" + phone, "ambiguous_parameter"},
		{"in the body", wrapped, "PATCH /orders/7" + asJSON + `{"order":{"phone":1},"updateMask":"phone,ssn"}`, "update order/7 named phone+ssn"},
		{"in the body, as an object", wrapped, "PATCH /orders/7" + asJSON + `{"order":{"phone":1},"update_mask":{"paths":["ssn"]}}`, "update order/7 named phone+ssn"},
		{"in the body, harmless", wrapped, "PATCH /orders/7" + asJSON + `{"order":{"phone":1},"updateMask":"phone"}`, "update order/7 named phone"},
		{"of a batch", batch, "POST /orders" + asJSON + `{"requests":[{"order":{"id":"1","phone":1},"updateMask":"ssn"},{"order":{"id":"2"}}]}`, "update order/1 named phone+ssn, update order/2 named ssn"},
		{"beside a JSON patch", patch, "PATCH /orders/7?updateMask=ssn\ncontent-type: application/json-patch+json\n\n" + `[{"op":"add","path":"/phone","value":1}]`, "update order/7 named phone+ssn"},
		{"beside a form", form, "POST /orders/7?updateMask=ssn" + asForm + "phone=1", "update order/7 named phone+ssn"},
		{"one that the line reads", reads, "PATCH /orders/7?field_mask=ssn" + phone, "update order/7 named phone reads ssn"},
	} {
		if got := result(c.routes, c.request); got != c.want {
			t.Errorf("%s: got %s, want %s", c.row, got, c.want)
		}
	}
}
