package dev.cardinal.bench.jmh;

/** What every key of an authority and its hosts is. */
public enum KeyKind {
    RSA_2048,
    P_256
}
