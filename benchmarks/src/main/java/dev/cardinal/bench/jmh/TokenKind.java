package dev.cardinal.bench.jmh;

/** Modules that are measured. */
public enum TokenKind {
    CARD,
    SOFTHSM
}
