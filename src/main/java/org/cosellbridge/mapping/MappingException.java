package org.cosellbridge.mapping;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A mapping document cannot be used, or a value cannot be expressed on the other side. The message names document and field and
 * says what to do; it never contains the value.
 */
public final class MappingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // the list is one of List.of, which is serialisable
    private final List<MappingFault> faults;

    /** A value that cannot be expressed. */
    public MappingException(MappingFault fault) {
        this(List.of(fault));
    }

    /** A document, or several, with these faults; there is at least one. */
    public MappingException(List<MappingFault> faults) {
        super(faults.stream().map(MappingFault::toString).collect(Collectors.joining("\n")));
        this.faults = List.copyOf(faults);
    }

    /** Every fault. */
    public List<MappingFault> faults() {
        return faults;
    }
}
