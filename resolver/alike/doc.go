// Package alike knows which names some server reads as one: without case, in
// another form of Unicode, or with brackets for dots. It errs towards alike,
// for what is alike is refused.
package alike
