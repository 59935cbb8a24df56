package org.cosellbridge.connector;

/**
 * One remote system, ready to be called. What it can do is what it implements: {@link ReadsRecords}, {@link WritesRecords}, {@link
 * DetectsChanges}, {@link DescribesFields}. Threads may share it.
 */
public interface Connector {
    /** The name under which it appears in the trail, the log and in failures: a connection's name, or {@code partner-center}. */
    String system();
}
