package org.cosellbridge.webhook;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Callable;

/** A body that cannot be read. */
final class FailingBody extends InputStream {
    private final Callable<Integer> reading;

    FailingBody(Callable<Integer> reading) {
        this.reading = reading;
    }

    @Override
    public int read() throws IOException {
        try {
            return reading.call();
        } catch (IOException failed) {
            throw failed;
        } catch (Exception impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
        return read();
    }
}
