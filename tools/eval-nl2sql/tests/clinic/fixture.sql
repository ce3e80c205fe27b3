-- A clinic, made up: names with capitals and short forms, codes with a list of their meanings, views, nested JSON. The weights of the
-- selection were not set with it. Loads into an empty DuckDB.
CREATE SCHEMA hr;
CREATE TABLE "Patient" ("PatientID" INTEGER, "LastName" VARCHAR, "FirstName" VARCHAR, "DOB" DATE, "Sex" VARCHAR, "PostalCode" VARCHAR, "InsurerID" INTEGER, "Deceased" BOOLEAN);
CREATE TABLE "Insurer" ("InsurerID" INTEGER, "InsurerName" VARCHAR, "Kind" VARCHAR);
CREATE TABLE encounter (enc_id INTEGER, "PatientID" INTEGER, ward_cd VARCHAR, admit_ts TIMESTAMP, disch_ts TIMESTAMP, enc_type VARCHAR, disch_disp VARCHAR, attending_no INTEGER);
CREATE TABLE ward (ward_cd VARCHAR, ward_name VARCHAR, beds INTEGER, floor INTEGER);
CREATE TABLE diagnosis (enc_id INTEGER, icd10 VARCHAR, rank INTEGER, present_on_admission BOOLEAN);
CREATE TABLE icd10_codes (icd10 VARCHAR, title VARCHAR);
CREATE TABLE lab_result (result_id INTEGER, enc_id INTEGER, analyte VARCHAR, val DOUBLE, unit VARCHAR, flag VARCHAR, taken_at TIMESTAMP);
CREATE TABLE medication_order (order_id INTEGER, enc_id INTEGER, drug VARCHAR, dose_mg DOUBLE, route VARCHAR, ordered_at TIMESTAMP, stopped_at TIMESTAMP, prescriber_no INTEGER);
CREATE TABLE vital_sign (enc_id INTEGER, measured_at TIMESTAMP, hr_bpm INTEGER, sbp INTEGER, dbp INTEGER, temp_c DOUBLE, spo2 INTEGER);
CREATE TABLE procedure_log (proc_id INTEGER, enc_id INTEGER, proc_name VARCHAR, started_at TIMESTAMP, ended_at TIMESTAMP, theatre VARCHAR, surgeon_no INTEGER, complications JSON);
CREATE TABLE hr.staff (staff_no INTEGER, full_name VARCHAR, profession VARCHAR, ward_cd VARCHAR, hired_on DATE, fte DOUBLE);
CREATE TABLE hr.absence (staff_no INTEGER, from_date DATE, to_date DATE, reason VARCHAR);
CREATE TABLE appointment (appt_id INTEGER, "PatientID" INTEGER, clinic VARCHAR, slot TIMESTAMP, status VARCHAR, booked_via VARCHAR);
CREATE TABLE invoice (inv_id INTEGER, enc_id INTEGER, billed_eur DECIMAL(10, 2), paid_eur DECIMAL(10, 2), billed_on DATE, settled BOOLEAN);
CREATE TABLE allergy ("PatientID" INTEGER, substance VARCHAR, reaction VARCHAR, severity VARCHAR);
CREATE TABLE bed_occupancy (day DATE, ward_cd VARCHAR, occupied INTEGER);
CREATE TABLE stock_item (item_no INTEGER, item VARCHAR, on_hand INTEGER, reorder_level INTEGER, supplier VARCHAR);
CREATE TABLE complaint (complaint_no INTEGER, received_on DATE, topic VARCHAR, text VARCHAR, resolved_on DATE, ward_cd VARCHAR);
COMMENT ON TABLE encounter IS 'A stay or visit of a patient';
COMMENT ON COLUMN encounter.disch_disp IS 'Where the patient went after discharge';
COMMENT ON COLUMN vital_sign.sbp IS 'Systolic blood pressure, mmHg';
COMMENT ON COLUMN vital_sign.dbp IS 'Diastolic blood pressure, mmHg';
COMMENT ON COLUMN hr.staff.fte IS 'Share of a full-time post';
INSERT INTO "Insurer" SELECT i, ['Ardent','Blue Oak','Civic Care','Delta Health'][i], ['statutory','private'][1 + i % 2] FROM range(1, 5) r(i);
INSERT INTO "Patient" SELECT i, ['Abel','Brandt','Costa','Duval','Eriksen'][1 + i % 5] || i, ['Ann','Ben','Cleo','Dan'][1 + i % 4], DATE '1930-01-01' + to_days(i * 61)::INTERVAL,
  ['F','M'][1 + i % 2], (10000 + i * 7)::VARCHAR, 1 + i % 4, i % 29 = 0 FROM range(1, 501) r(i);
INSERT INTO ward VALUES ('ICU','Intensive care',12,3), ('CAR','Cardiology',30,2), ('ORT','Orthopaedics',28,2), ('PED','Paediatrics',20,1), ('MAT','Maternity',18,1), ('ONC','Oncology',24,4);
INSERT INTO encounter SELECT i, 1 + i % 500, ['ICU','CAR','ORT','PED','MAT','ONC'][1 + i % 6], t, t + to_hours(5 + i % 200)::INTERVAL, ['IMP','AMB','EMER'][1 + i % 3],
  ['HOME','SNF','AMA','EXP','TRANSFER'][1 + i % 5], 100 + i % 40 FROM (SELECT i, TIMESTAMP '2025-01-01' + to_hours(i * 3)::INTERVAL AS t FROM range(1, 2001) r(i));
INSERT INTO icd10_codes VALUES ('I21.4','Acute subendocardial myocardial infarction'), ('S72.0','Fracture of neck of femur'), ('J18.9','Pneumonia, unspecified organism'), ('C50.9','Malignant neoplasm of breast'), ('O80','Single spontaneous delivery'), ('E11.9','Type 2 diabetes mellitus without complications');
INSERT INTO diagnosis SELECT 1 + i % 2000, ['I21.4','S72.0','J18.9','C50.9','O80','E11.9'][1 + i % 6], 1 + i // 2000, i % 3 <> 0 FROM range(4000) r(i);
INSERT INTO lab_result SELECT i, 1 + i % 2000, ['potassium','creatinine','CRP','haemoglobin','troponin T'][1 + i % 5], (i * 7 % 1000) / 10.0, ['mmol/L','umol/L','mg/L','g/dL','ng/L'][1 + i % 5],
  ['N','H','L','HH'][1 + i % 4], TIMESTAMP '2025-01-01' + to_hours(i)::INTERVAL FROM range(6000) r(i);
INSERT INTO medication_order SELECT i, 1 + i % 2000, ['heparin','ibuprofen','amoxicillin','metformin','morphine'][1 + i % 5], 5 + i % 500, ['PO','IV','SC'][1 + i % 3], TIMESTAMP '2025-01-01' + to_hours(i)::INTERVAL, NULL, 100 + i % 40 FROM range(3000) r(i);
INSERT INTO vital_sign SELECT 1 + i % 2000, TIMESTAMP '2025-01-01' + to_minutes(i * 20)::INTERVAL, 50 + i % 80, 90 + i % 90, 50 + i % 60, 35 + (i % 50) / 10.0, 85 + i % 15 FROM range(5000) r(i);
INSERT INTO procedure_log SELECT i, 1 + i % 2000, ['hip replacement','coronary angiography','caesarean section','appendectomy'][1 + i % 4], TIMESTAMP '2025-01-02' + to_hours(i * 4)::INTERVAL,
  TIMESTAMP '2025-01-02 01:10' + to_hours(i * 4)::INTERVAL, 'OR ' || (1 + i % 5), 100 + i % 40, json_object('bleeding', i % 9 = 0, 'infection', json_object('site', ['wound','urinary'][1 + i % 2], 'days', i % 12)) FROM range(800) r(i);
INSERT INTO hr.staff SELECT 100 + i, 'Dr. ' || ['Khan','Lopez','Meyer','Novak'][1 + i % 4] || ' ' || i, ['physician','nurse','midwife','porter'][1 + i % 4], ['ICU','CAR','ORT','PED','MAT','ONC'][1 + i % 6], DATE '2010-01-01' + to_days(i * 50)::INTERVAL, [1.0, 0.8, 0.5][1 + i % 3] FROM range(60) r(i);
INSERT INTO hr.absence SELECT 100 + i % 60, DATE '2025-02-01' + to_days(i)::INTERVAL, DATE '2025-02-03' + to_days(i)::INTERVAL, ['sick leave','holiday','training'][1 + i % 3] FROM range(200) r(i);
INSERT INTO appointment SELECT i, 1 + i % 500, ['dermatology','ENT','eye'][1 + i % 3], TIMESTAMP '2025-03-01' + to_hours(i)::INTERVAL, ['KEPT','NOSHOW','CANC'][1 + i % 3], ['phone','web'][1 + i % 2] FROM range(900) r(i);
INSERT INTO invoice SELECT i, i, 100 + i % 5000, CASE WHEN i % 4 = 0 THEN 0 ELSE 100 + i % 5000 END, DATE '2025-01-10' + to_days(i // 20)::INTERVAL, i % 4 <> 0 FROM range(1, 1801) r(i);
INSERT INTO allergy SELECT 1 + i % 500, ['penicillin','latex','peanut','iodine'][1 + i % 4], ['rash','anaphylaxis','nausea'][1 + i % 3], ['mild','severe'][1 + i % 2] FROM range(300) r(i);
INSERT INTO bed_occupancy SELECT DATE '2025-01-01' + to_days(i // 6)::INTERVAL, ['ICU','CAR','ORT','PED','MAT','ONC'][1 + i % 6], 5 + i % 15 FROM range(1200) r(i);
INSERT INTO stock_item SELECT i, ['gloves','masks','syringes','infusion sets'][1 + i % 4] || ' ' || i, i * 13 % 400, 100, ['MedSupply','Halden'][1 + i % 2] FROM range(40) r(i);
INSERT INTO complaint SELECT i, DATE '2025-01-05' + to_days(i * 3)::INTERVAL, ['waiting time','food','cleanliness'][1 + i % 3], 'A complaint in the words of the patient, number ' || i, CASE WHEN i % 3 <> 0 THEN DATE '2025-01-20' + to_days(i * 3)::INTERVAL END, ['ICU','CAR','ORT'][1 + i % 3] FROM range(90) r(i);
