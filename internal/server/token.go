package server

import "net/http"

// handOn returns address with the token that came with r, for clients that drop headers on the requests that follow. Without access control it is
// address itself.
func (s *Server) handOn(_ *http.Request, address string) string { return address }
