
export{l as component,ft as universal}from"../chunks/CAtgRi7e.js";