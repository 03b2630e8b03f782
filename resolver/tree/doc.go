// Package tree reads structured bodies into one shape, strictly: what two
// servers could read in two ways is refused, and nothing is repaired.
package tree
