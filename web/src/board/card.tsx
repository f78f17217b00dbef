import { useDraggable } from '@dnd-kit/core'
import { Menu } from '@mantine/core'
import { memo, useEffect, useRef, useState } from 'react'
import { type Lead, nameOf } from '../leads/lead.ts'
import { Pills } from '../parts/pills.tsx'
import { When } from '../parts/time.tsx'
import { useTexts } from '../texts/language.ts'
import classes from './board.module.css'
import { BOARD_TEXTS } from './texts.ts'

/** Where a card may go. */
export interface Target {
  status: string
  label: string
}

interface CardProps {
  lead: Lead
  targets: readonly Target[]
  canMove: boolean
  /** Whether it stays where it is for the moment. */
  isFixed: boolean
  /** Whether it was just moved here, and is to have the focus; and what is told once it has it. */
  isFocused: boolean
  onFocused: () => void
  nameOfAgent: (id: string) => string
  onOpen: (lead: Lead) => void
  onMove: (lead: Lead, status: string) => void
}

/** A lead on the board: dragged, moved by its menu, or opened. */
export const Card = memo(function Card(props: CardProps) {
  const { lead, targets, canMove, isFixed, isFocused, onFocused, nameOfAgent, onOpen, onMove } = props
  const t = useTexts(BOARD_TEXTS)
  const { setNodeRef, attributes, listeners, isDragging } = useDraggable({
    id: lead.id,
    data: { lead },
    disabled: !canMove || isFixed,
    attributes: { roleDescription: t.card },
  })
  const card = useRef<HTMLElement>(null)
  useEffect(() => {
    if (!isFocused) return
    card.current?.focus()
    onFocused()
  }, [isFocused, onFocused])
  const name = nameOf(lead) ?? t.noName
  // Where one may not move it, it still can be opened.
  const { role: _, 'aria-disabled': __, ...described } = attributes
  return (
    <li className={classes.item}>
      {/* biome-ignore lint/a11y/useSemanticElements: a button may hold no other */}
      <div
        ref={(element) => {
          card.current = element
          setNodeRef(element)
        }}
        {...(canMove ? { ...described, ...listeners } : {})}
        role="button"
        tabIndex={0}
        data-card={lead.id}
        data-dragged={isDragging}
        className={classes.card}
        aria-label={name}
        onClick={() => onOpen(lead)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && event.target === event.currentTarget && !isDragging) onOpen(lead)
          else listeners?.onKeyDown?.(event)
        }}
      >
        <CardFace lead={lead} nameOfAgent={nameOfAgent} />
      </div>
      {canMove && (
        <MoveMenu
          lead={lead}
          name={name}
          targets={targets}
          isFixed={isFixed}
          onMove={onMove}
          onClosed={() => card.current?.focus()}
        />
      )}
    </li>
  )
})

/** What a card says, also while it is dragged. */
export function CardFace({ lead, nameOfAgent }: Pick<CardProps, 'lead' | 'nameOfAgent'>) {
  const t = useTexts(BOARD_TEXTS)
  return (
    <>
      <bdi className={classes.name}>{nameOf(lead) ?? t.noName}</bdi>
      {lead.contact?.name !== undefined && lead.title !== null && <bdi className={classes.title}>{lead.title}</bdi>}
      <span className={classes.line}>
        <Pills attempts={lead.first_call_attempts} />
      </span>
      <span className={classes.line} data-quiet="true">
        <bdi className={classes.agent}>{lead.assigned_to === null ? t.nobody : nameOfAgent(lead.assigned_to)}</bdi>
        <When at={lead.created_at} />
      </span>
    </>
  )
}

interface MoveMenuProps extends Pick<CardProps, 'lead' | 'targets' | 'isFixed' | 'onMove'> {
  name: string
  onClosed: () => void
}

/** Does the same without dragging. It is only made where it is opened: there are hundreds of cards. */
function MoveMenu({ lead, name, targets, isFixed, onMove, onClosed }: MoveMenuProps) {
  const t = useTexts(BOARD_TEXTS)
  const [isOpen, setIsOpen] = useState(false)
  const button = (
    <button
      type="button"
      className={classes.menu}
      aria-label={t.move(name)}
      title={t.moveTo}
      disabled={isFixed}
      onClick={() => setIsOpen(true)}
    >
      ⋯
    </button>
  )
  const close = () => {
    setIsOpen(false)
    onClosed()
  }
  if (!isOpen) return button
  return (
    <Menu opened onClose={close} position="bottom-end" width={190} transitionProps={{ duration: 0 }}>
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t.moveTo}</Menu.Label>
        {targets
          .filter(({ status }) => status !== lead.status)
          .map(({ status, label }) => (
            <Menu.Item key={status} onClick={() => onMove(lead, status)}>
              {label}
            </Menu.Item>
          ))}
      </Menu.Dropdown>
    </Menu>
  )
}
