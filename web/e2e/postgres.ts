// A database of one's own on the PostgreSQL that `scripts/with-postgres` runs.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The URL of a database from which others can be created; nothing where there is no PostgreSQL. */
export const POSTGRES = process.env.ORDERCHAT_TEST_POSTGRES;

export class Database {
  private constructor(
    private readonly admin: string,
    private readonly name: string,
  ) {}

  static async create(): Promise<Database> {
    if (!POSTGRES)
      throw new Error('ORDERCHAT_TEST_POSTGRES is not set: run in scripts/with-postgres');
    const database = new Database(POSTGRES, `pages_${randomUUID().replaceAll('-', '')}`);
    await database.#tell(`CREATE DATABASE ${database.name}`);
    return database;
  }

  get url(): string {
    const url = new URL(this.admin);
    url.pathname = `/${this.name}`;
    return url.href;
  }

  drop(): Promise<unknown> {
    return this.#tell(`DROP DATABASE ${this.name} WITH (FORCE)`);
  }

  #tell(command: string): Promise<unknown> {
    return run('psql', [this.admin, '--quiet', `--command=${command}`]);
  }
}
