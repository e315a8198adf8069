
export{t as component}from"../chunks/7OT_pqU7.js";