-- A harbour office, made up: enough tables that 1,000 tokens hold a part of them. Loads into an empty DuckDB.
CREATE TABLE berths (id INTEGER, quay VARCHAR, length_m DOUBLE, max_draught_m DOUBLE, has_shore_power BOOLEAN, terminal_id INTEGER);
CREATE TABLE terminals (id INTEGER, terminal_name VARCHAR, operator VARCHAR, cargo_kind VARCHAR, opened_on DATE, annual_capacity BIGINT);
CREATE TABLE ships (imo VARCHAR, ship_name VARCHAR, flag VARCHAR, ship_type VARCHAR, gross_tonnage INTEGER, built INTEGER, loa_m DOUBLE, owner_id INTEGER);
CREATE TABLE owners (id INTEGER, company VARCHAR, country VARCHAR, contact_email VARCHAR, blacklisted BOOLEAN);
CREATE TABLE port_calls (call_id INTEGER, imo VARCHAR, berth_id INTEGER, eta TIMESTAMP, ata TIMESTAMP, atd TIMESTAMP, state VARCHAR, purpose_code VARCHAR, agent VARCHAR, pilot_id INTEGER);
CREATE TABLE purposes (purpose_code VARCHAR, meaning VARCHAR);
CREATE TABLE pilots (id INTEGER, pilot_name VARCHAR, licence_class VARCHAR, hired_on DATE, retired_on DATE);
CREATE TABLE tugs (id INTEGER, tug_name VARCHAR, bollard_pull_t DOUBLE, in_service BOOLEAN);
CREATE TABLE tug_jobs (job_id INTEGER, call_id INTEGER, tug_id INTEGER, started_at TIMESTAMP, ended_at TIMESTAMP, fee_eur DECIMAL(10, 2));
CREATE TABLE cargo_lots (lot_id INTEGER, call_id INTEGER, commodity VARCHAR, tonnes DOUBLE, direction VARCHAR, hazard_class VARCHAR, consignee VARCHAR);
CREATE TABLE invoices (invoice_no VARCHAR, call_id INTEGER, issued_on DATE, due_on DATE, paid_on DATE, amount_eur DECIMAL(12, 2), currency VARCHAR, status VARCHAR);
CREATE TABLE invoice_lines (invoice_no VARCHAR, line_no INTEGER, item VARCHAR, quantity DOUBLE, unit_price_eur DECIMAL(10, 2));
CREATE TABLE inspections (inspection_id INTEGER, imo VARCHAR, inspected_at TIMESTAMP, inspector VARCHAR, outcome VARCHAR, details JSON);
CREATE TABLE weather (observed_at TIMESTAMP, wind_speed_kn DOUBLE, wind_direction VARCHAR, wave_height_m DOUBLE, visibility_nm DOUBLE);
CREATE TABLE tides (tide_time TIMESTAMP, height_m DOUBLE, kind VARCHAR);
CREATE TABLE employees (employee_no INTEGER, full_name VARCHAR, department VARCHAR, salary_eur INTEGER, manager_no INTEGER, joined_on DATE);
CREATE TABLE shifts (employee_no INTEGER, shift_date DATE, shift_kind VARCHAR, hours DOUBLE, overtime_hours DOUBLE);
CREATE TABLE incidents (incident_id INTEGER, happened_at TIMESTAMP, severity VARCHAR, place VARCHAR, description VARCHAR, imo VARCHAR, reported_by INTEGER);
CREATE TABLE waste_receipts (receipt_id INTEGER, call_id INTEGER, waste_type VARCHAR, volume_m3 DOUBLE, received_at TIMESTAMP);
CREATE TABLE bunkerings (bunkering_id INTEGER, call_id INTEGER, fuel VARCHAR, tonnes DOUBLE, supplier VARCHAR, price_per_tonne DOUBLE);
COMMENT ON TABLE port_calls IS 'A visit of a ship';
COMMENT ON COLUMN port_calls.eta IS 'Expected arrival';
COMMENT ON COLUMN port_calls.ata IS 'Actual time of arrival';
COMMENT ON COLUMN port_calls.atd IS 'Actual time of departure';
COMMENT ON COLUMN ships.loa_m IS 'Length overall in metres';
COMMENT ON COLUMN tugs.bollard_pull_t IS 'Strength, in tonnes';

INSERT INTO terminals SELECT i, ['North','South','Bulk','Oil','Ferry'][i] || ' Terminal', ['Kade BV','Marisa SA','Bulk Partners'][1 + i % 3],
  ['containers','containers','dry bulk','liquid bulk','passengers'][i], DATE '1990-01-01' + to_days(i * 900)::INTERVAL, i * 120000 FROM range(1, 6) r(i);
INSERT INTO berths SELECT i, 'Quay ' || chr((64 + i % 9)::INT), 120 + i * 13, 7 + i % 9, i % 3 = 0, 1 + i % 5 FROM range(1, 25) r(i);
INSERT INTO owners SELECT i, 'Company ' || chr((64 + i)::INT) || ' Shipping', ['Greece','Norway','Japan','Germany','Panama','Singapore'][1 + i % 6],
  format('office{}@example.org', i), i % 9 = 4 FROM range(1, 21) r(i);
INSERT INTO ships SELECT (9300000 + i * 17)::VARCHAR, ['Stella','Boreas','Castor','Delphin','Emden','Fortuna'][1 + i % 6] || ' ' || i,
  ['Malta','Liberia','Panama','Norway','Bahamas'][1 + i % 5], ['tanker','bulk carrier','container ship','ro-ro','tug','cruise ship'][1 + i % 6],
  800 + i * 411, 1985 + i % 38, 60 + i % 240, 1 + i % 20 FROM range(1, 301) r(i);
INSERT INTO purposes VALUES ('LD', 'Loading'), ('DC', 'Discharging'), ('BK', 'Bunkering only'), ('RP', 'Repair'), ('CW', 'Crew change'), ('SH', 'Shelter from weather');
INSERT INTO pilots SELECT i, ['A. Visser','B. Olsen','C. Ricci','D. Novak'][1 + i % 4] || ' ' || i, ['A','B','unlimited'][1 + i % 3],
  DATE '2001-05-01' + to_days(i * 200)::INTERVAL, CASE WHEN i % 5 = 0 THEN DATE '2024-01-01' END FROM range(1, 16) r(i);
INSERT INTO port_calls SELECT i, (9300000 + (1 + i % 300) * 17)::VARCHAR, 1 + i % 24, t, t + to_minutes(i % 300)::INTERVAL,
  CASE WHEN i % 11 <> 0 THEN t + to_hours(10 + i % 50)::INTERVAL END, ['DEPARTED','ALONGSIDE','EXPECTED','ANCHORED','CANX'][1 + i % 5],
  ['LD','DC','BK','RP','CW','SH'][1 + i % 6], ['Ahlers','Burger','Inchcape','Wilhelmsen'][1 + i % 4], 1 + i % 15
  FROM (SELECT i, TIMESTAMP '2024-01-01' + to_hours(i * 7)::INTERVAL AS t FROM range(1, 1201) r(i));
INSERT INTO tugs SELECT i, ['Atlas','Hercules','Samson','Titan'][1 + i % 4], 40 + i * 5, i <> 3 FROM range(1, 8) r(i);
INSERT INTO tug_jobs SELECT i, 1 + i % 1200, 1 + i % 7, TIMESTAMP '2024-01-01' + to_hours(i * 5)::INTERVAL, TIMESTAMP '2024-01-01 02:00' + to_hours(i * 5)::INTERVAL, 900 + i % 700 FROM range(1, 901) r(i);
INSERT INTO cargo_lots SELECT i, 1 + i % 1200, ['wheat','crude oil','cars','iron ore','bananas','fertiliser'][1 + i % 6], 100 + (i * 37) % 9000,
  ['IN','OUT','TRANSIT'][1 + i % 3], CASE WHEN i % 4 = 1 THEN ['3','4.1','5.1','9'][1 + i % 4] END, 'Trader ' || i % 40 FROM range(1, 2001) r(i);
INSERT INTO invoices SELECT format('INV-{:05d}', i), i, DATE '2024-01-02' + to_days((i * 7) // 24)::INTERVAL, DATE '2024-02-01' + to_days((i * 7) // 24)::INTERVAL,
  CASE WHEN i % 6 <> 0 THEN DATE '2024-01-20' + to_days((i * 7) // 24)::INTERVAL END, 500 + (i * 91) % 20000, 'EUR', ['PAID','OPEN','DISPUTED','WRITTEN_OFF'][1 + i % 4] FROM range(1, 1101) r(i);
INSERT INTO invoice_lines SELECT format('INV-{:05d}', 1 + i % 1100), 1 + i // 1100, ['mooring','pilotage','towage','waste fee','quay dues'][1 + i % 5], 1 + i % 4, 50 + i % 900 FROM range(3000) r(i);
INSERT INTO inspections SELECT i, (9300000 + (1 + (i * 3) % 300) * 17)::VARCHAR, TIMESTAMP '2024-02-01' + to_hours(i * 31)::INTERVAL, ['M. Berg','T. Sato','R. Costa'][1 + i % 3],
  ['CLEAR','DEFICIENT','DETAINED'][1 + i % 3], json_object('deficiencies', i % 7, 'follow_up', i % 2 = 0, 'area', ['fire safety','navigation','hull'][1 + i % 3]) FROM range(1, 201) r(i);
INSERT INTO weather SELECT TIMESTAMP '2024-01-01' + to_hours(i)::INTERVAL, (i * 7) % 45, ['N','NE','E','SE','S','SW','W','NW'][1 + i % 8], (i % 40) / 10.0, 1 + i % 10 FROM range(2000) r(i);
INSERT INTO tides SELECT TIMESTAMP '2024-01-01' + to_hours(i * 6)::INTERVAL, 1 + (i % 5) * 0.8, ['HW','LW'][1 + i % 2] FROM range(400) r(i);
INSERT INTO employees SELECT i, 'Person ' || i, ['Pilotage','Finance','Safety','Harbour master','IT'][1 + i % 5], 30000 + (i * 977) % 60000, CASE WHEN i > 5 THEN 1 + i % 5 END, DATE '2005-01-01' + to_days(i * 77)::INTERVAL FROM range(1, 61) r(i);
INSERT INTO shifts SELECT 1 + i % 60, DATE '2024-01-01' + to_days(i // 60)::INTERVAL, ['early','late','night'][1 + i % 3], 8, i % 4 FROM range(1800) r(i);
INSERT INTO incidents SELECT i, TIMESTAMP '2024-01-05' + to_hours(i * 40)::INTERVAL, ['minor','serious','critical'][1 + i % 3], ['fairway','quay','anchorage','lock'][1 + i % 4],
  'What happened, in the words of whoever saw it, number ' || i, (9300000 + (1 + i % 300) * 17)::VARCHAR, 1 + i % 60 FROM range(1, 91) r(i);
INSERT INTO waste_receipts SELECT i, 1 + i % 1200, ['sludge','garbage','sewage'][1 + i % 3], 1 + i % 30, TIMESTAMP '2024-01-03' + to_hours(i * 9)::INTERVAL FROM range(1, 501) r(i);
INSERT INTO bunkerings SELECT i, 1 + i % 1200, ['VLSFO','MGO','LNG','methanol'][1 + i % 4], 50 + i % 900, ['PeakFuel','Nordoil'][1 + i % 2], 500 + i % 300 FROM range(1, 401) r(i);
