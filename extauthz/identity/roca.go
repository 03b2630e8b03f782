package identity

import "math/big"

// rocaPrimes divide the primorial that the broken generator of CVE-2017-15361
// used for every key size.
var rocaPrimes = [...]uint64{
	3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73,
	79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
}

// weakGenerator reports whether an RSA modulus has the shape of that generator:
// both its primes, and so their product, are powers of 65537 modulo each small
// prime. A sound modulus passes for one with a chance of about 2^-28.
func weakGenerator(modulus *big.Int) bool {
	var rest big.Int
	for _, p := range rocaPrimes {
		r := rest.Mod(modulus, new(big.Int).SetUint64(p)).Uint64()
		if !powerOf65537(r, p) {
			return false
		}
	}
	return true
}

func powerOf65537(r, p uint64) bool {
	for x, i := uint64(1), uint64(0); i < p; i++ {
		if x == r {
			return true
		}
		x = x * 65537 % p
	}
	return false
}
