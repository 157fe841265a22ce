package dev.cardinal.hsm.pool;

/** What a piece of work stands on, and hence what follows when a handle is found invalid. */
sealed interface Footing {

    Footing ITSELF = new Itself();

    /** Objects of the work's own: it can be done again. */
    record Itself() implements Footing {}

    /** A token key: it is looked up again. */
    record Key(TokenKey key) implements Footing {}

    /** A session object that nothing brings back. */
    record Handle(TokenObject object) implements Footing {}
}
