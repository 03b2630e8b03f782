// Package postgres starts private PostgreSQL servers for tests.
//
// A server belongs to the test, or to the test binary, that started it: it listens
// on loopback and a socket of its own, keeps its data in a directory of its own,
// and is gone when its owner is, whichever way that ends. Tests never touch a
// PostgreSQL that they did not start.
package postgres
