package org.cosellbridge.simulator;

import org.junit.jupiter.api.AfterEach;

/** Dynamics 365 is a CRM like any other. */
class DataverseCrmTest implements CrmSystemContract {
    private final EntraSimulator entra = new EntraSimulator(0, "22222222-aaaa-4bbb-8ccc-000000000001").start();
    private final DataverseCrm crm = new DataverseCrm(0, entra, "crm");

    @AfterEach
    void close() {
        crm.close();
        entra.close();
    }

    @Override
    public CrmSystem crm() {
        return crm;
    }
}
