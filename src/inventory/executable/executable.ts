/**
 * An executable opened for reading: format, architecture, segments and sections, whatever of ELF, PE or Mach-O it is.
 */
import type { FileBody } from '../file-body.ts';

/** A named part of the file. Offsets and sizes are bytes in the file, addresses are virtual. */
export interface Section {
  readonly name: string;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly address: number;
  /** Whether its bytes are stored compressed (ELF `SHF_COMPRESSED`). */
  readonly isCompressed: boolean;
}

/** A part of the file that is mapped when it runs. */
export interface Segment {
  readonly offset: number;
  readonly sizeBytes: number;
  readonly address: number;
  readonly isWritable: boolean;
  readonly isExecutable: boolean;
}

export interface Executable {
  readonly format: 'elf' | 'pe' | 'mach-o';
  readonly isBigEndian: boolean;
  /** 4 or 8. */
  readonly pointerBytes: number;
  /** Empty when the section table was stripped. */
  readonly sections: readonly Section[];
  readonly segments: readonly Segment[];
  readonly body: FileBody;
}
