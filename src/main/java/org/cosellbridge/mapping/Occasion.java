package org.cosellbridge.mapping;

/** When a value travels. */
public enum Occasion {
    /** With the write that creates the other side. */
    CREATE,
    /** With every later write. */
    UPDATE,
    /** Only when the record is about to be closed, just before it is. */
    CLOSE
}
